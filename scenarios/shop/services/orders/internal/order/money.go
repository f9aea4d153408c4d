package order

import (
	"fmt"
	"strconv"
	"strings"
)

// Money is an amount in cents. In JSON it is a number with two decimals.
type Money int64

// String writes the amount as 59.98.
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d", sign, m/100, m%100)
}

// MarshalJSON writes the amount as the number 59.98, digit for digit.
func (m Money) MarshalJSON() ([]byte, error) {
	return []byte(m.String()), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, also with fewer decimals.
func (m *Money) UnmarshalJSON(text []byte) error {
	units, decimals, _ := strings.Cut(string(text), ".")
	cents, err := strconv.ParseInt(units+(decimals + "00")[:max(2, len(decimals))], 10, 64)
	if err != nil || len(decimals) > 2 {
		return fmt.Errorf("%s is not an amount with at most two decimals", text)
	}
	*m = Money(cents)
	return nil
}
