/** The glue that Emscripten makes of wasm/pack.c; build.js says where it lies. */
declare module "packer" {
  export default function createPacker(options: object): Promise<any>;
}
