package relay

import (
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"shop/orders/internal/defects"
)

// Defects are mistakes that services in the middle of a chain are known to
// make. They are for tests that must find them.
type Defects []string

// known says what each defect does to a field that is set, by its name.
var known = map[string]func(protoreflect.Message, protoreflect.FieldDescriptor){
	// Whole numbers of 64 bits went through JSON somewhere.
	"float64": func(m protoreflect.Message, field protoreflect.FieldDescriptor) {
		each(m, field, func(kind protoreflect.Kind, value protoreflect.Value) protoreflect.Value {
			switch kind {
			case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
				return protoreflect.ValueOfInt64(rounded(value.Int()))
			case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
				return protoreflect.ValueOfUint64(roundedUnsigned(value.Uint()))
			}
			return value
		})
	},
	// An empty text was taken for none.
	"drop_empty": func(m protoreflect.Message, field protoreflect.FieldDescriptor) {
		if field.HasPresence() && field.Kind() == protoreflect.StringKind && m.Get(field).String() == "" {
			m.Clear(field)
		}
	},
	// Only the names of an enum are known, and what has none is the first of them.
	"enum_number": func(m protoreflect.Message, field protoreflect.FieldDescriptor) {
		each(m, field, func(kind protoreflect.Kind, value protoreflect.Value) protoreflect.Value {
			if kind == protoreflect.EnumKind && named(field).Values().ByNumber(value.Enum()) == nil {
				return protoreflect.ValueOfEnum(0)
			}
			return value
		})
	},
}

// ParseDefects reads the names of defects, separated by commas.
func ParseDefects(text string) (Defects, error) {
	return defects.Names(text, slices.Collect(maps.Keys(known)))
}

// damage does to a message, and to all within it, what the defects say.
func (d Defects) damage(m protoreflect.Message) {
	if len(d) == 0 {
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		for _, inner := range messages(field, value) {
			d.damage(inner)
		}
		for _, name := range d {
			if m.Has(field) {
				known[name](m, field)
			}
		}
		return true
	})
}

// messages are those that a field holds.
func messages(field protoreflect.FieldDescriptor, value protoreflect.Value) (found []protoreflect.Message) {
	switch {
	case field.IsMap() && field.MapValue().Message() != nil:
		value.Map().Range(func(_ protoreflect.MapKey, value protoreflect.Value) bool {
			found = append(found, value.Message())
			return true
		})
	case field.IsMap() || field.Message() == nil:
	case field.IsList():
		for i := range value.List().Len() {
			found = append(found, value.List().Get(i).Message())
		}
	default:
		found = append(found, value.Message())
	}
	return found
}

// each changes every value of a field: its own, its items, or the values of its map.
func each(
	m protoreflect.Message,
	field protoreflect.FieldDescriptor,
	change func(protoreflect.Kind, protoreflect.Value) protoreflect.Value,
) {
	switch {
	case field.IsMap():
		values := m.Mutable(field).Map()
		values.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			values.Set(key, change(field.MapValue().Kind(), value))
			return true
		})
	case field.IsList():
		items := m.Mutable(field).List()
		for i := range items.Len() {
			items.Set(i, change(field.Kind(), items.Get(i)))
		}
	default:
		m.Set(field, change(field.Kind(), m.Get(field)))
	}
}

// named is the enum of a field, or of the values of its map.
func named(field protoreflect.FieldDescriptor) protoreflect.EnumDescriptor {
	if field.IsMap() {
		return field.MapValue().Enum()
	}
	return field.Enum()
}

func rounded(n int64) int64 {
	if f := float64(n); f < math.MaxInt64 {
		return int64(f)
	}
	return math.MaxInt64 // 2^63 is no int64
}

func roundedUnsigned(n uint64) uint64 {
	if f := float64(n); f < math.MaxUint64 {
		return uint64(f)
	}
	return math.MaxUint64 // 2^64 is no uint64
}
