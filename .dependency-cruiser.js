// Import direction (docs/architecture.md): protocol <- planning <- model <- ports <- use cases <- handlers and compositions.
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: '^(shared|functions|workers|infra|test)/', pathNot: allowed },
});

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only(
      'protocol-is-pure',
      '^shared/protocol/',
      '^shared/(protocol/|errors\\.ts)',
      'protocol imports nothing of ours',
    ),
    only(
      'planning',
      '^shared/planning/',
      '^shared/(planning|protocol)/|^shared/errors\\.ts',
      'planning imports protocol',
    ),
    only(
      'ledger',
      '^shared/ledger/',
      '^shared/(ledger|protocol)/|^shared/errors\\.ts',
      'accounts and expected gains are pure',
    ),
    only(
      'model',
      '^shared/model/',
      '^shared/(model|planning|protocol)/|^shared/errors\\.ts',
      'model imports protocol and planning',
    ),
    only(
      'ports',
      '^shared/ports/',
      '^shared/(ports|messages|model|planning|protocol)/|^shared/errors\\.ts',
      'ports name domain types only',
    ),
    only(
      'chain',
      '^shared/chain/',
      '^shared/(chain|messages|ports|protocol)/|^shared/errors\\.ts',
      'the chain edge knows ports and protocol',
    ),
    only(
      'adapters',
      '^shared/adapters/',
      '^shared/(adapters|messages|ports)/|^shared/(errors|log)\\.ts',
      'adapters import ports only',
    ),
    only(
      'lambda',
      '^shared/lambda/',
      '^shared/(lambda|adapters|chain|messages|ports|protocol|rows)/|^shared/[^/]+\\.ts',
      'what the entries of functions share knows no use case',
    ),
    only(
      'client',
      '^shared/client/',
      '^shared/|^workers/inference/lab/lab\\.ts$',
      'the client reaches a deployment over HTTP and the chain, never by import',
    ),
    {
      name: 'only-model-commands-run-models',
      comment: 'quorate model plan and split measure and run models on this machine',
      severity: 'error',
      from: { path: '^shared/', pathNot: '^shared/client/cli/model/|\\.test\\.ts$' },
      to: { path: '^workers/' },
    },
    only(
      'functions',
      '^functions/(?!.*/lambda\\.ts$)',
      '^functions/|^shared/(chain|ledger|messages|rows|model|planning|ports|protocol)/|^shared/[^/]+\\.ts',
      'use cases see ports, never adapters',
    ),
    only(
      'function-entries',
      '^functions/[^/]+/lambda\\.ts$',
      '^functions/|^shared/(adapters|chain|lambda|messages|ports|protocol|rows)/|^shared/[^/]+\\.ts',
      'an entry of Lambda composes its own function',
    ),
    {
      name: 'only-entries-run-on-lambda',
      severity: 'error',
      from: {
        pathNot: '^(functions/[^/]+/lambda\\.ts|shared/lambda/.*|workers/[^/]+/lambda\\.ts|test/.*)$|\\.test\\.ts$',
      },
      to: { path: '^shared/lambda/' },
    },
    {
      name: 'nothing-imports-entries',
      severity: 'error',
      from: {},
      to: { path: '^functions/[^/]+/lambda\\.ts$' },
    },
    {
      name: 'functions-do-not-import-each-other',
      severity: 'error',
      from: { path: '^functions/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^functions/', pathNot: '^functions/$1/' },
    },
    only(
      'workers',
      '^workers/',
      '^workers/|^shared/(adapters|messages|rows|model|planning|ports|protocol)/|^shared/[^/]+\\.ts',
      'workers meet functions in messages only',
    ),
    {
      name: 'nothing-imports-compositions',
      severity: 'error',
      from: { path: '^(shared|functions|workers)/', pathNot: '\\.test\\.ts$|^shared/client/cli/' },
      to: { path: '^(infra|test)/' },
    },
    {
      name: 'product-code-never-imports-tests',
      severity: 'error',
      from: { path: '^(shared|functions|workers|infra)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^test/|\\.test\\.ts$' },
    },
    // aws-lambda is a package of types only.
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^aws-lambda$' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'contract/target' },
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
