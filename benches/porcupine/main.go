// Judges a history of a compare-and-set register with Porcupine, for comparison: see history.rs.
//
// A line of the history is `f a b result start end`: f is r, w or c; result is the value read, or 1
// where a compare matched and 0 where it did not, and "?" where it is unknown; end is "?" where the
// operation may still take effect. It prints the verdict, and the milliseconds that it took.
package main

import (
	"bufio"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

type input struct {
	f    string
	a, b int
}

type output struct {
	known  bool
	result int
}

var register = porcupine.Model{
	Init: func() any { return -1 },
	Step: func(state, in, out any) (bool, any) {
		held, call, got := state.(int), in.(input), out.(output)
		switch call.f {
		case "r":
			return !got.known || got.result == held, held
		case "w":
			return true, call.a
		default:
			matches := held == call.a
			if got.known && matches != (got.result == 1) {
				return false, held
			}
			if matches {
				return true, call.b
			}
			return true, held
		}
	},
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func read(path string) []porcupine.Operation {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	var operations []porcupine.Operation
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		operation := porcupine.Operation{
			Input:  input{fields[0], number(fields[1]), number(fields[2])},
			Output: output{},
			Call:   int64(number(fields[4])),
			Return: math.MaxInt64,
		}
		if fields[3] != "?" {
			operation.Output = output{true, number(fields[3])}
		}
		if fields[5] != "?" {
			operation.Return = int64(number(fields[5]))
		}
		operations = append(operations, operation)
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	return operations
}

func main() {
	operations := read(os.Args[1])
	limit := time.Duration(number(os.Args[2])) * time.Second
	began := time.Now()
	verdict := porcupine.CheckOperationsTimeout(register, operations, limit)
	fmt.Println(strings.ToLower(string(verdict)), float64(time.Since(began).Microseconds())/1000)
}
