// A program that asks before each call and tells afterwards, against an authority at ALMONER_SERVER.
import { randomUUID } from "node:crypto";
import { adminService, errorInfo, quotaService } from "./almoner.js";

const address = process.env.ALMONER_SERVER || "127.0.0.1:50051";
const namespace = `node-${randomUUID()}`;
const subject = { user: "ann" };
const LIMIT = 1_000_000; // $1 a day
const MOST = 500_000; // what a reply may cost
const COST = 400_000; // what it does cost

/** Makes a namespace of its own, in which every user may spend the limit each day. */
async function setUp() {
  const admin = adminService(address);
  await admin.CreateNamespace({ namespace: { name: namespace, units: ["usd_micros"] } });
  await admin.SetLimit({
    namespace,
    target: { kind: "TARGET_KIND_NAMESPACE_DEFAULT" },
    unit: "usd_micros",
    period: "PERIOD_DAY",
    amount: LIMIT,
  });
  admin.close();
}

/** Holds the most that a reply may cost, makes it, and commits what it did cost. */
async function guard(quota) {
  const holdId = randomUUID();
  const { decision } = await quota.CheckQuota({
    namespace,
    subject,
    amounts: { usd_micros: MOST },
    hold: { id: holdId },
  });
  if (!decision.allowed) {
    const [by] = decision.refused_by;
    const seconds = decision.retry_after?.seconds;
    console.log(
      `refused: ${decision.reason} by ${by.period}, ${by.remaining} of ${by.limit} left, retry after ${seconds} s`,
    );
    return;
  }
  // The model is called here. If that fails: quota.Release with the hold's id.
  const commit = {
    namespace,
    hold_id: holdId,
    amounts: { usd_micros: COST },
    subject, // so that it is booked even if the store was down when the hold was made
  };
  for (const _ of [1, 2]) {
    // The second time as if the first answer had been lost.
    const { charge, replayed } = await quota.Commit(commit);
    console.log(`booked ${charge.amounts.usd_micros}, replayed: ${replayed}`);
  }
}

await setUp();
const quota = quotaService(address);
for (let call = 0; call < 3; call++) await guard(quota);
try {
  await quota.CheckQuota({ namespace, subject, amounts: { dollars: 1 } });
} catch (error) {
  const info = errorInfo(error);
  if (info === undefined) throw error;
  console.log(`code ${error.code}: ${info.reason}, field ${info.metadata.field}, may be ${info.metadata.limit}`);
}
quota.close();
