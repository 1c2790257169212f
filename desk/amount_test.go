package desk

import (
	"errors"
	"math"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountsAreReadExactly(t *testing.T) {
	for literal, want := range map[string]Amount{
		"500000": Rupiahs(500_000), "150000": Rupiahs(150_000), "0": 0, "-0": 0, "0.00": 0, "-1": -100,
		"5e5": Rupiahs(500_000), "5E+5": Rupiahs(500_000), "1E+2": Rupiahs(100), "1.50": 150, "1.5e1": 1500, "1.500000": 150,
		"0.05": 5, "5e-2": 5, "500e-3": 50, "0.1": 10, "-1500.5": -150_050, "1000000000.01": 100_000_000_001,
		"0e999999999999999999999": 0, "0.0e-999999999999999999999": 0,
		"92233720368547758.07": math.MaxInt64, "-92233720368547758.08": math.MinInt64,
		"0.0000000000000000000000000001e30":    Rupiahs(100),
		"1" + strings.Repeat("0", 40) + "e-40": Rupiahs(1),
		"9007199254740993":                     Rupiahs(9_007_199_254_740_993),
	} {
		if got, err := ParseAmount(literal); err != nil || got != want {
			t.Errorf("ParseAmount(%s) = %d, %v; want %d", literal, got, err, want)
		}
	}
}

func TestAmountsThatDoNotFitAreRefused(t *testing.T) {
	for literal, want := range map[string]error{
		"1.005": ErrAmountDecimals, "0.001": ErrAmountDecimals, "1e-3": ErrAmountDecimals, "-1.239": ErrAmountDecimals,
		"1e-999999999": ErrAmountDecimals, "1e-99999999999999999999": ErrAmountDecimals,
		"1e999999999": ErrAmountRange, "-1e99999999999999999999": ErrAmountRange, "92233720368547758.08": ErrAmountRange,
		"1e17": ErrAmountRange, "-92233720368547758.09": ErrAmountRange, strings.Repeat("9", 1<<20): ErrAmountRange,
		"": ErrAmountNotNumber, "Rp500.000": ErrAmountNotNumber, "+5": ErrAmountNotNumber, "05": ErrAmountNotNumber,
		".5": ErrAmountNotNumber, "5.": ErrAmountNotNumber, "5e": ErrAmountNotNumber, "1,5": ErrAmountNotNumber,
		" 5": ErrAmountNotNumber, "5\n": ErrAmountNotNumber, "0x10": ErrAmountNotNumber, "1_000": ErrAmountNotNumber,
		"NaN": ErrAmountNotNumber, "Infinity": ErrAmountNotNumber, "--1": ErrAmountNotNumber, "null": ErrAmountNotNumber,
		"٥": ErrAmountNotNumber,
	} {
		if got, err := ParseAmount(literal); !errors.Is(err, want) || got != 0 {
			t.Errorf("ParseAmount(%.40q) = %d, %v; want %v", literal, got, err, want)
		}
	}
}

func TestHugeExponentsCostNothing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, literal := range []string{"1e999999999", "1e-999999999", "0e999999999", "1e99999999999999999999"} {
		if got, err := ParseAmount(literal); got != 0 {
			t.Errorf("ParseAmount(%s) = %d, %v", literal, got, err)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

func TestAmountsAreWrittenForMachinesAndPeople(t *testing.T) {
	for amount, want := range map[Amount][2]string{
		0:                   {"0", "Rp0"},
		5:                   {"0.05", "Rp0,05"},
		50:                  {"0.5", "Rp0,50"},
		-5:                  {"-0.05", "-Rp0,05"},
		Rupiahs(999):        {"999", "Rp999"},
		Rupiahs(500_000):    {"500000", "Rp500.000"},
		150_050:             {"1500.5", "Rp1.500,50"},
		125_000_050:         {"1250000.5", "Rp1.250.000,50"},
		-Rupiahs(1_000_000): {"-1000000", "-Rp1.000.000"},
		math.MaxInt64:       {"92233720368547758.07", "Rp92.233.720.368.547.758,07"},
		math.MinInt64:       {"-92233720368547758.08", "-Rp92.233.720.368.547.758,08"},
	} {
		if got := [2]string{amount.String(), amount.Rupiah()}; got != want {
			t.Errorf("%d: %q, want %q", int64(amount), got, want)
		}
	}
}

func TestWrittenAmountsReadBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := Amount(rapid.Int64().Draw(t, "sen"))
		if got, err := ParseAmount(amount.String()); err != nil || got != amount {
			t.Fatalf("%d was written as %s and read as %d, %v", int64(amount), amount, got, err)
		}
	})
}

func TestAmountsAgreeWithExactArithmetic(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		literal := number.Draw(t, "literal")
		value, _ := new(big.Rat).SetString(literal)
		value.Mul(value, big.NewRat(100, 1))
		got, err := ParseAmount(literal)
		switch {
		case !value.IsInt():
			if !errors.Is(err, ErrAmountDecimals) {
				t.Fatalf("ParseAmount(%s) = %d, %v", literal, got, err)
			}
		case !value.Num().IsInt64():
			if !errors.Is(err, ErrAmountRange) {
				t.Fatalf("ParseAmount(%s) = %d, %v", literal, got, err)
			}
		case err != nil || int64(got) != value.Num().Int64():
			t.Fatalf("ParseAmount(%s) = %d, %v; want %s", literal, got, err, value.Num())
		}
	})
}

func TestAmountsAreReadAsIndonesiansWriteThem(t *testing.T) {
	for text, want := range map[string]Amount{
		"500.000": Rupiahs(500_000), "75.000": Rupiahs(75_000), "1.250.000": Rupiahs(1_250_000), "Rp 500.000": Rupiahs(500_000), "Rp500.000,00": Rupiahs(500_000),
		"rp. 1.000": Rupiahs(1_000), "Rp\u00a01.000": Rupiahs(1_000), "500000": Rupiahs(500_000), "500": Rupiahs(500), "0": 0, "500.000,-": Rupiahs(500_000),
		"500.000,5": 50_000_050, "1234,05": 123_405, "0,05": 5,
	} {
		if got, err := ParseRupiah(text); err != nil || got != want {
			t.Errorf("ParseRupiah(%s) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "500.5", "1,250,000", "12.34", "1.2345", "1000.000", "0.500", "05", "500,000", "1.250,000", "500 000", "5e5", "-500", "+500", "Rp", "500.000.", ",5", "500.000,", "lima ratus", "٥٠٠", "500.000\n"} {
		if got, err := ParseRupiah(text); !errors.Is(err, ErrAmountUnclear) || got != 0 {
			t.Errorf("ParseRupiah(%q) = %d, %v", text, got, err)
		}
	}
	if got, err := ParseRupiah(strings.Repeat("9", 30)); !errors.Is(err, ErrAmountRange) || got != 0 {
		t.Errorf("more than there is: %d, %v", got, err)
	}
}

func TestAWrittenRupiahIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := Amount(rapid.Int64Min(0).Draw(t, "sen"))
		if got, err := ParseRupiah(amount.Rupiah()); err != nil || got != amount {
			t.Fatalf("%s was read as %d, %v", amount.Rupiah(), got, err)
		}
	})
}
