/** upng-js has no types of its own: these are of the functions that animation.ts calls. */
declare module 'upng-js' {
  interface Picture {
    width: number;
    height: number;
  }
  const UPNG: {
    decode(file: Uint8Array): Picture;
    /** The pixels of each frame. */
    toRGBA8(picture: Picture): ArrayBuffer[];
    encode(
      frames: ArrayBuffer[],
      width: number,
      height: number,
      colors: number,
      delaysMs: number[],
    ): ArrayBuffer;
  };
  export default UPNG;
}
