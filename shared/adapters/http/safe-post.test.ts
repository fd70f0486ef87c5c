import type { LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from './addresses.ts';
import type { Resolve } from './guarded-agent.ts';
import { checkUrl, safeGet, safePost } from './safe-post.ts';

describe('isPublicAddress', () => {
  it.each([
    ['0.0.0.0', 'this network'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'CGNAT'],
    ['100.127.255.255', 'CGNAT'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'metadata'],
    ['169.254.0.1', 'link-local'],
    ['192.0.0.192', 'metadata of Oracle'],
    ['192.0.2.1', 'documentation'],
    ['198.18.0.1', 'benchmarking'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::ffff:10.0.0.1', 'IPv4-mapped'],
    ['::ffff:8.8.8.8', 'IPv4-mapped'],
    ['::ffff:a00:1', 'IPv4-mapped'],
    ['64:ff9b::a00:1', 'NAT64'],
    ['fc00::1', 'ULA'],
    ['fd00:ec2::254', 'metadata'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'zone'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['2001::1', 'Teredo'],
    ['2002:a00:1::1', '6to4'],
    ['', 'nothing'],
    ['example.com', 'a name'],
  ])('refuses %s (%s)', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    'takes %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
});

describe('checkUrl', () => {
  it.each([
    ['http://example.com/', /only https/],
    ['ftp://example.com/', /only https/],
    ['file:///etc/passwd', /only https/],
    ['https://user@example.com/', /user name/],
    ['https://:pw@example.com/', /user name/],
    ['https://example.com:22/', /only 443 and 8443/],
    ['https://10.0.0.1/', /IP address/],
    ['https://8.8.8.8/', /IP address/],
    ['https://2130706433/', /IP address/],
    ['https://0x7f.1/', /IP address/],
    ['https://0177.0.0.1/', /IP address/],
    ['https://[::1]/', /IP address/],
    ['https://[::ffff:127.0.0.1]/', /IP address/],
    ['http://127.0.0.1/', /only https/],
    ['not a url', /not a URL/],
    ['', /not a URL/],
  ])('refuses %s', (url, why) => expect(() => checkUrl(url)).toThrow(why));

  it('takes public https on both ports, and loopback http only where that is said', () => {
    expect(checkUrl('https://example.com/hook').host).toBe('example.com');
    expect(checkUrl('https://example.com:8443/hook').port).toBe('8443');
    for (const host of ['127.0.0.1:99', 'localhost:99', '[::1]:99']) {
      expect(() => checkUrl(`http://${host}/`)).toThrow();
      expect(checkUrl(`http://${host}/`, { allowLoopbackHttp: true }).port).toBe('99');
    }
    expect(() => checkUrl('http://127.0.0.2/', { allowLoopbackHttp: true })).toThrow(/only https/);
    expect(() => checkUrl('http://10.0.0.1/', { allowLoopbackHttp: true })).toThrow(/only https/);
  });
});

describe('requests', () => {
  let server: Server;
  let port: number;
  let connections = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/hang') return;
      if (request.url === '/redirect') return void response.writeHead(302, { location: '/' }).end();
      response.end('x'.repeat(1_000_000));
    });
    server.on('connection', () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const resolveTo =
    (...addresses: string[]): Resolve =>
    (_, done) =>
      done(
        null,
        addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  it.each([['127.0.0.1'], ['169.254.169.254'], ['::ffff:127.0.0.1'], ['8.8.8.8', '10.0.0.1']])(
    'refuses a public name that leads to %s, without connecting',
    async (...addresses) => {
      const before = connections;
      const post = safePost({ resolve: resolveTo(...addresses), timeoutMs: 1_000 });
      await expect(post('https://rebind.example/', {}, '')).rejects.toMatchObject({ code: 'refused-address' });
      expect(connections).toBe(before);
    },
  );

  it('refuses a loopback name that leads elsewhere', async () => {
    const post = safePost({ allowLoopbackHttp: true, resolve: resolveTo('10.0.0.1'), timeoutMs: 1_000 });
    await expect(post(`http://localhost:${port}/`, {}, '')).rejects.toMatchObject({ code: 'refused-address' });
  });

  it('cuts the answer, follows no redirect, and gives up in time', async () => {
    const post = safePost({ allowLoopbackHttp: true, timeoutMs: 300 });
    const answer = await post(`http://127.0.0.1:${port}/`, {}, '{}');
    expect([answer.status, answer.body.length]).toEqual([200, 4_096]);
    expect((await post(`http://127.0.0.1:${port}/redirect`, {}, '{}')).status).toBe(302);
    await expect(post(`http://127.0.0.1:${port}/hang`, {}, '{}')).rejects.toMatchObject({ code: 'http-timeout' });
    const aborted = post(`http://127.0.0.1:${port}/hang`, {}, '{}', AbortSignal.abort(new Error('stop')));
    await expect(aborted).rejects.toThrow('stop');
  });

  it('gets up to the limit and no more, and only on 200', async () => {
    const get = (path: string, maxBytes: number) =>
      safeGet(`http://127.0.0.1:${port}${path}`, { maxBytes, allowLoopbackHttp: true });
    expect((await get('/', 1_000_000)).length).toBe(1_000_000);
    await expect(get('/', 999_999)).rejects.toMatchObject({ code: 'response-too-large', family: 'bad-input' });
    await expect(get('/redirect', 10)).rejects.toMatchObject({ code: 'http-status' });
    await expect(safeGet('http://127.0.0.1:1/', { maxBytes: 1 })).rejects.toMatchObject({ code: 'refused-url' });
  });
});
