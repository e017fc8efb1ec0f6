package emrtd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/emrtd"
)

// OpenSSL makes the authority, the signer and the CMS: what another program writes must be read.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	for name, tt := range map[string]struct{ key, sign []string }{
		"brainpoolP256r1":        {key: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"}},
		"explicit prime256v1":    {key: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-pkeyopt", "ec_param_enc:explicit"}},
		"explicit brainpoolP320": {key: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP320r1", "-pkeyopt", "ec_param_enc:explicit"}},
		"RSA":                    {key: []string{"-newkey", "rsa:2048"}},
		"RSA-PSS":                {key: []string{"-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss"}, sign: []string{"-keyopt", "rsa_padding_mode:pss"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			run := func(args ...string) {
				if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
					t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
				}
			}
			must(t, os.WriteFile(at("object"), ldsObject, 0o600))
			run(append([]string{
				"req", "-x509", "-nodes", "-sha256", "-days", "30", "-subj", "/C=UT/CN=CSCA", "-keyout", at("ca.key"), "-out", at("ca.pem"),
			}, tt.key...)...)
			run(append([]string{
				"req", "-x509", "-nodes", "-sha256", "-days", "20", "-subj", "/C=UT/CN=DS", "-CA", at("ca.pem"), "-CAkey", at("ca.key"),
				"-addext", "basicConstraints=CA:FALSE", "-keyout", at("ds.key"), "-out", at("ds.pem"),
			}, tt.key...)...)
			run(append([]string{
				"cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-md", "sha256", "-econtent_type", "2.23.136.1.1.1", "-in", at("object"),
				"-signer", at("ds.pem"), "-inkey", at("ds.key"), "-outform", "DER", "-out", at("sod"),
			}, tt.sign...)...)
			raw, err := os.ReadFile(at("sod"))
			must(t, err)
			l, err := emrtd.Load(at("ca.pem"))
			must(t, err)
			sod := parse(t, raw)
			proof, err := sod.Verify(l)
			if err != nil || proof.SignedAt.IsZero() || sod.Compare(1, nil) != emrtd.Agrees {
				t.Errorf("%v, signed at %v", err, proof.SignedAt)
			}
		})
	}
}

// ldsObject is an LDSSecurityObject of version 0 whose DG1 is empty, SHA-256.
var ldsObject = []byte("\x30\x3b\x02\x01\x00\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x30\x27\x30\x25\x02\x01\x01\x04\x20" +
	"\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55")
