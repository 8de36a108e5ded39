// Clients of both services with promises instead of callbacks, and the details of an error.
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const definition = loader.loadSync(
  ["almoner/v1/quota_service.proto", "almoner/v1/admin_service.proto", "error_details.proto"],
  {
    includeDirs: [path("../../protos"), path(".")],
    keepCase: true,
    // Amounts end at 10^13 and limits at 10^15: a number holds all of them exactly, up to 2^53.
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  },
);
const { QuotaService, AdminService } = grpc.loadPackageDefinition(definition).almoner.v1;

// Every id is made before the first attempt, so gRPC itself may send a call again after UNAVAILABLE.
const serviceConfig = {
  methodConfig: [
    {
      name: [{ service: "almoner.v1.QuotaService" }, { service: "almoner.v1.AdminService" }],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: "0.05s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

/** Connects one service; its methods take a request and return a promise of the answer. */
function connect(Service, address) {
  const client = new Service(address, grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify(serviceConfig),
  });
  const call = (name) => {
    const method = promisify(client[name]).bind(client);
    return (request) => method(request, { deadline: Date.now() + 10_000 });
  };
  const methods = Object.keys(Service.service).map((name) => [name, call(name)]);
  return { ...Object.fromEntries(methods), close: () => client.close() };
}

export const quotaService = (address) => connect(QuotaService, address);
export const adminService = (address) => connect(AdminService, address);

/** Returns the google.rpc.ErrorInfo of an error, or undefined if it is not one of Almoner's. */
export function errorInfo(error) {
  const [trailer] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (trailer === undefined) return undefined;
  const { details } = definition["google.rpc.Status"].deserialize(trailer);
  const detail = details.find(({ type_url }) => type_url.endsWith("/google.rpc.ErrorInfo"));
  return detail && definition["google.rpc.ErrorInfo"].deserialize(detail.value);
}
