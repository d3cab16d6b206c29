// What Node calls by bare name.
export { Buffer } from "buffer";
export { process } from "./process/index.js";
