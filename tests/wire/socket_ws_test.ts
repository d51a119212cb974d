import { wsConnect } from "../../ports/socket_ws.ts";
import { socketConformance } from "./socket_conformance.ts";

socketConformance("wsConnect()", wsConnect);
