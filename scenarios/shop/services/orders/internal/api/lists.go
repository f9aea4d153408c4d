package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"shop/orders/internal/defects"
	"shop/orders/internal/store"
)

// step is one step of a transaction as callers write it: ["append", LIST, NUMBER], or
// ["r", LIST, null], which is answered as ["r", LIST, [NUMBERS]].
type step store.Step

// UnmarshalJSON reads a step.
func (s *step) UnmarshalJSON(text []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil || len(parts) != 3 {
		return fmt.Errorf(`a step is ["append", LIST, NUMBER] or ["r", LIST, null]`)
	}
	var kind string
	if err := json.Unmarshal(parts[0], &kind); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[1], &s.List); err != nil {
		return err
	}
	switch {
	case kind == "append" && string(parts[2]) != "null":
		return json.Unmarshal(parts[2], &s.Append)
	case kind == "r" && string(parts[2]) == "null":
		return nil
	}
	return fmt.Errorf(`a step is ["append", LIST, NUMBER] or ["r", LIST, null]`)
}

// MarshalJSON writes a step with what it read.
func (s step) MarshalJSON() ([]byte, error) {
	if s.Append != nil {
		return json.Marshal([]any{"append", s.List, *s.Append})
	}
	return json.Marshal([]any{"r", s.List, s.Read})
}

// transaction is steps that are taken together. One that is to be aborted leaves nothing behind.
type transaction struct {
	Ops   []step `json:"ops"`
	Abort bool   `json:"abort,omitempty"`
}

// transact takes the steps of a transaction over lists.
func (a *API) transact(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxJSON)
	if err != nil {
		return err
	}
	var wanted transaction
	if err := decode(body, &wanted); err != nil {
		return err
	}
	if len(wanted.Ops) == 0 {
		return badRequest("ops is missing")
	}
	steps := make([]store.Step, len(wanted.Ops))
	for i, op := range wanted.Ops {
		steps[i] = store.Step(op)
	}
	if err := a.steps(r.Context(), steps, wanted.Abort); err != nil {
		return err
	}
	for i, taken := range steps {
		wanted.Ops[i] = step(taken)
	}
	return writeJSON(w, http.StatusOK, wanted)
}

func (a *API) steps(ctx context.Context, steps []store.Step, abort bool) error {
	var err error
	switch mistakes := a.config.Defects; {
	case abort && mistakes.Has(defects.TransactionDirty):
		if err = a.store.Transact(ctx, steps); err == nil {
			time.Sleep(meanwhile)
			err = a.undo(ctx, steps)
		}
	case abort:
	case mistakes.Has(defects.TransactionSkew):
		err = a.readFirst(ctx, steps)
	case mistakes.Has(defects.TransactionLost):
		err = a.overwrite(ctx, steps)
	default:
		err = a.store.Transact(ctx, steps)
	}
	if err == nil && abort {
		return fail(http.StatusConflict, "ABORTED", "the transaction was aborted, as it asked for")
	}
	return err
}

// undo takes out what the steps appended.
func (a *API) undo(ctx context.Context, steps []store.Step) error {
	for _, s := range steps {
		if s.Append == nil {
			continue
		}
		items, err := a.store.List(ctx, s.List)
		if err != nil {
			return err
		}
		items = slices.DeleteFunc(items, func(item int64) bool { return item == *s.Append })
		if err := a.store.SetList(ctx, s.List, items); err != nil {
			return err
		}
	}
	return nil
}

// readFirst takes the steps that read before the transaction begins. What the transaction itself
// appends before them, it adds.
func (a *API) readFirst(ctx context.Context, steps []store.Step) error {
	var appends []store.Step
	for i, s := range steps {
		if s.Append != nil {
			appends = append(appends, s)
			continue
		}
		items, err := a.store.List(ctx, s.List)
		if err != nil {
			return err
		}
		for _, own := range appends {
			if own.List == s.List {
				items = append(items, *own.Append)
			}
		}
		steps[i].Read = items
	}
	time.Sleep(meanwhile)
	return a.store.Transact(ctx, appends)
}

// overwrite writes each list anew from what it held a moment before.
func (a *API) overwrite(ctx context.Context, steps []store.Step) error {
	for i, s := range steps {
		items, err := a.store.List(ctx, s.List)
		if err != nil {
			return err
		}
		if s.Append == nil {
			steps[i].Read = items
			continue
		}
		time.Sleep(meanwhile)
		if err := a.store.SetList(ctx, s.List, append(items, *s.Append)); err != nil {
			return err
		}
	}
	return nil
}
