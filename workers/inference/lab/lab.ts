/** What the CLI does with models on this machine. */
export { type OnnxFile, openOnnxFile } from './onnx-file.ts';
export { type ProfiledWork, profiledWork } from './profiled-work.ts';
export { type SplitFile, splitFile } from './split-file.ts';
