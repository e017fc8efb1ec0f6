package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Everything that is built in is under a licence that may be used, and the bill can be read.
func TestBill(t *testing.T) {
	var out bytes.Buffer
	if err := write(&out, "../..", false); err != nil {
		t.Fatal(err)
	}
	var b bill
	if err := json.Unmarshal(out.Bytes(), &b); err != nil || b.Format != "CycloneDX" || len(b.Components) < 20 {
		t.Fatalf("%d components, %v", len(b.Components), err)
	}
	for _, want := range []string{"modernc.org/sqlite", "github.com/esimov/pigo", "internal/check/face/cascade/facefinder"} {
		if !strings.Contains(out.String(), `"`+want+`"`) {
			t.Errorf("%s is not on the bill", want)
		}
	}
}

func TestLicenceOf(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n  Version 2.0, January 2004":                                        "Apache-2.0",
		"Permission is hereby granted, free of charge, to any person":                        "MIT",
		"Redistribution and use in source and binary forms":                                  "BSD-2-Clause",
		"Redistribution and use in source and binary forms. Neither the name of":             "BSD-3-Clause",
		"GNU GENERAL PUBLIC LICENSE Version 3. Permission is hereby granted, free of charge": "GPL",
		"All rights reserved.": "unknown",
	} {
		if got := licenceOf([]byte(text)); got != want {
			t.Errorf("%q is taken for %s, want %s", text, got, want)
		}
	}
}
