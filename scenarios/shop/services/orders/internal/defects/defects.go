// Package defects names the mistakes that the orders service can be told to make. They are for
// tests that must find them: each is one that such services are known to make, at one place.
package defects

import (
	"fmt"
	"slices"
	"strings"
)

// Name is what a mistake is called in SHOP_DEFECTS.
type Name string

// Mistakes with idempotency keys.
const (
	KeyIgnored           Name = "key_ignored"
	KeySharedByTenants   Name = "key_shared_by_tenants"
	KeysInMemory         Name = "keys_in_memory"
	ConcurrentRace       Name = "concurrent_race"
	ChangedBodyAccepted  Name = "changed_body_accepted"
	ReorderedBodyRefused Name = "reordered_body_refused"
	MissingKeyAccepted   Name = "missing_key_accepted"
	MalformedKeyAccepted Name = "malformed_key_accepted"
	ExpiredNever         Name = "expired_never"
	ResponseBeforeEffect Name = "response_before_effect"
	ErrorCached          Name = "error_cached"
	LocationNotSaved     Name = "location_not_saved"
	WrongStatus          Name = "wrong_status"
)

// Mistakes with methods that are idempotent by themselves.
const (
	NoteAppended Name = "note_appended"
	NoteGone     Name = "note_gone"
)

// Mistakes on the way to the ledger.
const (
	EntryIDPerAttempt       Name = "entry_id_per_attempt"
	OutboxTwiceAfterRestart Name = "outbox_twice_after_restart"
	RetryWithoutBackoff     Name = "retry_without_backoff"
	PushbackIgnored         Name = "pushback_ignored"
	RetriesInvalid          Name = "retries_invalid"
	UnavailableIsFinal      Name = "unavailable_is_final"
	DeadlineNotPropagated   Name = "deadline_not_propagated"
)

// Mistakes with webhooks.
const (
	WebhookUnsigned          Name = "webhook_unsigned"
	WebhookSignsOtherBytes   Name = "webhook_signs_other_bytes"
	WebhookRetryAfterIgnored Name = "webhook_retry_after_ignored"
	WebhookRetriesRefused    Name = "webhook_retries_refused"
	WebhookOnce              Name = "webhook_once"
	WebhookNewID             Name = "webhook_new_id"
	WebhookOrder             Name = "webhook_order"
	CircuitNeverOpens        Name = "circuit_never_opens"
)

// Mistakes with what is announced on the bus.
const (
	EventTwice Name = "event_twice"
	EventOnce  Name = "event_once"
	EventOrder Name = "event_order"
)

// Mistakes with what happens at once, and in which order it is seen.
const (
	RegisterCached       Name = "register_cached"
	RegisterWrittenLater Name = "register_written_later"
	RegistersInMemory    Name = "registers_in_memory"
	SwapRace             Name = "swap_race"
	QueueLastFirst       Name = "queue_last_first"
	QueueTakenTwice      Name = "queue_taken_twice"
	TransactionSkew      Name = "transaction_skew"
	TransactionLost      Name = "transaction_lost"
	TransactionDirty     Name = "transaction_dirty"
	EventsReordered      Name = "events_reordered"
	EventsSkipped        Name = "events_skipped"
	EventsRepeated       Name = "events_repeated"
	OrdersOfReplica      Name = "orders_of_replica"
	OutboxForgets        Name = "outbox_forgets"
)

// Table says what each mistake is.
var Table = []struct {
	Name Name
	Does string
}{
	{KeyIgnored, "a key is not looked up: every request is the first"},
	{KeySharedByTenants, "a key is looked up without its tenant"},
	{KeysInMemory, "the keys are forgotten when the process ends"},
	{ConcurrentRace, "a key is looked up and later saved, and nothing holds it between"},
	{ChangedBodyAccepted, "the body is not compared with the one that the key was used for"},
	{ReorderedBodyRefused, "bodies are compared byte by byte, not by what they say"},
	{MissingKeyAccepted, "a payment is taken without a key"},
	{MalformedKeyAccepted, "a malformed key is taken as it stands"},
	{ExpiredNever, "a key is kept for ever"},
	{ResponseBeforeEffect, "the answer to a payment is saved before the ledger has it"},
	{ErrorCached, "an answer of 5xx is saved under the key"},
	{LocationNotSaved, "the saved answer lacks its `Location`"},
	{WrongStatus, "a key that was used for another body is a 409"},
	{NoteAppended, "`PUT` adds to the note instead of replacing it"},
	{NoteGone, "`DELETE` of a note that is gone already is a 404"},
	{EntryIDPerAttempt, "each attempt posts under an entry id of its own"},
	{OutboxTwiceAfterRestart, "entry ids begin anew with the process"},
	{RetryWithoutBackoff, "the outbox tries again every 10 ms"},
	{PushbackIgnored, "the outbox comes back sooner than the ledger asks it to"},
	{RetriesInvalid, "the outbox tries again what the ledger calls INVALID_ARGUMENT"},
	{UnavailableIsFinal, "an order is rejected when the ledger is UNAVAILABLE"},
	{DeadlineNotPropagated, "calls of the ledger have no deadline"},
	{WebhookUnsigned, "a webhook is sent without its signature"},
	{WebhookSignsOtherBytes, "the line break at the end of a webhook is sent and not signed"},
	{WebhookRetryAfterIgnored, "a webhook comes again sooner than `Retry-After` says"},
	{WebhookRetriesRefused, "a webhook comes again after a 4xx"},
	{WebhookOnce, "a webhook is not sent again when it fails"},
	{WebhookNewID, "a webhook has another id each time it is sent"},
	{WebhookOrder, "the webhooks of one order do not wait for each other"},
	{CircuitNeverOpens, "a merchant who fails is called on and on"},
	{EventTwice, "an event is announced twice, under two ids"},
	{EventOnce, "an event is not announced again when that fails"},
	{EventOrder, "of the events that wait, the newest is announced first"},
	{RegisterCached, "a register is read from a cache that is up to 50 ms old"},
	{RegisterWrittenLater, "a register is written 30 ms after the answer"},
	{RegistersInMemory, "the registers are forgotten when the process ends"},
	{SwapRace, "a register is compared and later written, and nothing holds it between"},
	{QueueLastFirst, "what came last into a queue is taken first"},
	{QueueTakenTwice, "an element is read and later removed, and nothing holds it between"},
	{TransactionSkew, "a transaction reads before it begins"},
	{TransactionLost, "a transaction writes lists anew from what it read a moment before"},
	{TransactionDirty, "what an aborted transaction appended is seen for a moment"},
	{EventsReordered, "the events of an order that come together come in the wrong order"},
	{EventsSkipped, "of the events of an order that come together only the last is sent"},
	{EventsRepeated, "the events of an order begin anew whenever there is another"},
	{OrdersOfReplica, "every second list of orders comes from a replica that is 300 ms behind"},
	{OutboxForgets, "a posting is taken out of the outbox before the ledger has it"},
}

// Set is the mistakes that a service makes.
type Set map[Name]bool

// Has tells whether the service makes this one.
func (s Set) Has(name Name) bool { return s[name] }

// Parse reads the names in SHOP_DEFECTS, separated by commas.
func Parse(text string) (Set, error) {
	known := make([]string, len(Table))
	for i, defect := range Table {
		known[i] = string(defect.Name)
	}
	names, err := Names(text, known)
	set := Set{}
	for _, name := range names {
		set[Name(name)] = true
	}
	return set, err
}

// Names reads names that are separated by commas, each of them one of the known.
func Names(text string, known []string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	names := strings.Split(text, ",")
	for _, name := range names {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return nil, fmt.Errorf("there is no defect %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return names, nil
}
