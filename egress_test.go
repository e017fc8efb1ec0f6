package usher_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

func TestTenantMaySend(t *testing.T) {
	t.Parallel()
	listed := usher.Tenant{WebhookHosts: []string{"*.b.example", "192.0.2.7", "a.example"}}
	for address, want := range map[string]bool{
		"https://a.example/hook": true, "https://A.EXAMPLE./hook": true, "https://a.example:8443": true, "https://x.b.example/": true, "https://x.y.b.example/": true,
		"https://192.0.2.7/": true, "https://x.a.example/": false, "https://b.example/": false, "https://xb.example/": false, "https://.b.example/": false,
		"https://a.example.evil.example/": false, "https://a.example@evil.example/": false, "https://192.0.2.8/": false, "::": false, "": false,
	} {
		if err := listed.MaySend(address); (err == nil) != want || err != nil && codeOf(err) != usher.CodeInvalid {
			t.Errorf("%s: %v", address, err)
		}
		if err := (usher.Tenant{}).MaySend(address); err != nil {
			t.Errorf("%s with nothing listed: %v", address, err)
		}
	}
}

func TestGoodHosts(t *testing.T) {
	t.Parallel()
	got, err := usher.GoodHosts([]string{" Hooks.example.com", "*.b.example", "hooks.example.com"})
	if diff := cmp.Diff([]string{"*.b.example", "hooks.example.com"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := usher.GoodHosts(nil); len(got) != 0 || err != nil {
		t.Errorf("nothing gives %v, %v", got, err)
	}
	for _, bad := range []string{"", "*", "*.", "*b.example", "a.*.example", "https://a.example", "a.example/hook", "a example", ".a.example", "a..example", "a.example.", strings.Repeat("a", 254)} {
		if got, err := usher.GoodHosts([]string{bad}); err == nil {
			t.Errorf("%q is taken as %v", bad, got)
		}
	}
}
