// A program that asks before each call and tells afterwards, against an authority at ALMONER_SERVER.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	almonerv1 "example.com/almoner-client/stubs/almoner/v1"
)

// Every id is made before the first attempt, so gRPC itself may send a call again after UNAVAILABLE.
const serviceConfig = `{"methodConfig": [{
	"name": [{"service": "almoner.v1.QuotaService"}, {"service": "almoner.v1.AdminService"}],
	"timeout": "10s",
	"retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.05s", "maxBackoff": "2s",
		"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}
}]}`

const (
	limit = 1_000_000 // $1 a day
	most  = 500_000   // what a reply may cost
	cost  = 400_000   // what it does cost
)

func usd(micros int64) map[string]int64 { return map[string]int64{"usd_micros": micros} }

// newID makes a UUID of version 7: ordered by time, which keeps the server's indexes compact.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// guard holds the most that a reply may cost, makes it, and commits what it did cost.
func guard(ctx context.Context, quota almonerv1.QuotaServiceClient, namespace, user string) error {
	holdID := newID()
	subject := &almonerv1.Subject{User: user}
	answer, err := quota.CheckQuota(ctx, &almonerv1.CheckQuotaRequest{
		Namespace: namespace,
		Subject:   subject,
		Amounts:   usd(most),
		Hold:      &almonerv1.HoldOptions{Id: holdID},
	})
	if err != nil {
		return err
	}
	if decision := answer.GetDecision(); !decision.GetAllowed() {
		by := decision.GetRefusedBy()[0]
		fmt.Printf("refused: %s by %s, %d of %d left, retry after %.0f s\n", decision.GetReason(),
			by.GetPeriod(), by.GetRemaining(), by.GetLimit(), decision.GetRetryAfter().AsDuration().Seconds())
		return nil
	}
	// The model is called here. If that fails: quota.Release with the hold's id.
	commit := &almonerv1.CommitRequest{
		Namespace: namespace, HoldId: holdID, Amounts: usd(cost),
		Subject: subject, // so that it is booked even if the store was down when the hold was made
	}
	for range 2 { // the second time as if the first answer had been lost
		booked, err := quota.Commit(ctx, commit)
		if err != nil {
			return err
		}
		fmt.Printf("booked %d, replayed: %t\n", booked.GetCharge().GetAmounts()["usd_micros"], booked.GetReplayed())
	}
	return nil
}

// explain prints the google.rpc.ErrorInfo that every error carries.
func explain(err error) {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			fmt.Printf("%s: %s, field %s, may be %s\n", status.Code(err), info.GetReason(),
				info.GetMetadata()["field"], info.GetMetadata()["limit"])
		}
	}
}

// setUp makes a namespace of its own, in which every user may spend the limit each day.
func setUp(ctx context.Context, admin almonerv1.AdminServiceClient) (string, error) {
	namespace := "go-" + newID()
	if _, err := admin.CreateNamespace(ctx, &almonerv1.CreateNamespaceRequest{
		Namespace: &almonerv1.Namespace{Name: namespace, Units: []string{"usd_micros"}},
	}); err != nil {
		return "", err
	}
	_, err := admin.SetLimit(ctx, &almonerv1.SetLimitRequest{
		Namespace: namespace,
		Target:    &almonerv1.Target{Kind: almonerv1.TargetKind_TARGET_KIND_NAMESPACE_DEFAULT},
		Unit:      "usd_micros",
		Period:    almonerv1.Period_PERIOD_DAY,
		Value:     &almonerv1.SetLimitRequest_Amount{Amount: limit},
	})
	return namespace, err
}

func run(ctx context.Context, connection *grpc.ClientConn) error {
	namespace, err := setUp(ctx, almonerv1.NewAdminServiceClient(connection))
	if err != nil {
		return err
	}
	quota := almonerv1.NewQuotaServiceClient(connection)
	for range 3 {
		if err := guard(ctx, quota, namespace, "ann"); err != nil {
			return err
		}
	}
	_, err = quota.CheckQuota(ctx, &almonerv1.CheckQuotaRequest{
		Namespace: namespace,
		Subject:   &almonerv1.Subject{User: "ann"},
		Amounts:   map[string]int64{"dollars": 1},
	})
	explain(err)
	return nil
}

func main() {
	address := os.Getenv("ALMONER_SERVER")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, connection); err != nil {
		log.Fatal(err)
	}
}
