import { nativeConnect } from "../../ports/socket_native.ts";
import { socketConformance } from "./socket_conformance.ts";

socketConformance("nativeConnect()", () => nativeConnect, {
  "ends the connection on destroy though the peer is silent":
    "the runtime's own WebSocket cannot end a connection",
});
