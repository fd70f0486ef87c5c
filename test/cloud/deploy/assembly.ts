import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What is read of a cloud assembly (`cdk.out`), as `cdk deploy` reads it. */

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      dependencies: z.array(z.string()).default([]),
      properties: z
        .object({ templateFile: z.string().optional(), stackName: z.string().optional(), file: z.string().optional() })
        .optional(),
    }),
  ),
});

const AssetManifest = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.enum(['zip', 'file']) }),
      destinations: z.record(z.string(), z.object({ bucketName: z.string(), objectKey: z.string() })),
    }),
  ),
});

export interface FileAsset {
  readonly path: string;
  readonly isFolder: boolean;
  readonly bucket: string;
  readonly key: string;
}

export interface AssembledStack {
  readonly name: string;
  readonly template: string;
  /** Where the template itself is put: most are too large for a request. */
  readonly templateUrl: string;
  readonly assets: readonly FileAsset[];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** Placeholders of an asset manifest, which the CLI fills in. */
const filled = (text: string, { account, region }: Place): string =>
  text
    .replaceAll(/\$\{AWS::AccountId\}/g, account)
    .replaceAll(/\$\{AWS::Region\}/g, region)
    .replaceAll(/\$\{AWS::Partition\}/g, 'aws');

export interface Place {
  readonly account: string;
  readonly region: string;
}

/** Stacks of an assembly, each after those that it depends on. */
export const readAssembly = (folder: string, place: Place): AssembledStack[] => {
  const { artifacts } = Manifest.parse(readJson(join(folder, 'manifest.json')));
  const inOrder: string[] = [];
  const visit = (id: string): void => {
    if (inOrder.includes(id)) return;
    for (const before of artifacts[id]?.dependencies ?? []) visit(before);
    inOrder.push(id);
  };
  for (const id of Object.keys(artifacts)) visit(id);
  return inOrder.flatMap((id) => {
    const artifact = artifacts[id];
    const templateFile = artifact?.properties?.templateFile;
    if (artifact?.type !== 'aws:cloudformation:stack' || templateFile === undefined) return [];
    const assets = artifact.dependencies.flatMap((on) => assetsOf(folder, artifacts[on]?.properties?.file, place));
    const path = join(folder, templateFile);
    const stored = assets.find((asset) => asset.path === path);
    const templateUrl = `https://s3.amazonaws.com/${stored?.bucket}/${stored?.key}`;
    return [{ name: artifact.properties?.stackName ?? id, template: readFileSync(path, 'utf8'), templateUrl, assets }];
  });
};

const assetsOf = (folder: string, file: string | undefined, place: Place): FileAsset[] => {
  if (file === undefined) return [];
  const { files } = AssetManifest.parse(readJson(join(folder, file)));
  return Object.values(files).flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ bucketName, objectKey }) => ({
      path: join(folder, source.path),
      isFolder: source.packaging === 'zip',
      bucket: filled(bucketName, place),
      key: filled(objectKey, place),
    })),
  );
};
