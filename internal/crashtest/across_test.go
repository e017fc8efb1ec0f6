package crashtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
	"github.com/usher-kyc/usher/internal/specimen"
)

// learnt is how long a node may take to learn what happened on another: a list is fetched and its index built, a credential is remembered for two seconds.
const learnt = 15 * time.Second

// TestAcrossNodes does on one node what the other must know of.
func TestAcrossNodes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	for name, test := range map[string]func(*testing.T, *cluster){
		"an upload begun at one ends at the other": uploadAcross,
		"staff signed in at one are at the other":  signedInAcross,
		"wrong passwords are counted together":     lockedAcross,
		"an endpoint is told what happens next":    endpointAcross,
		"a list brought in by one is used by all":  listsAcross,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

// on gives an address at a node.
func (c *cluster) on(node int, path string) string { return "http://" + c.nodes[node].Address + path }

// browser is one that keeps cookies, whichever node it speaks to: to it they are one host.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask sends a request and gives the status, where it leads, and the body.
func ask(t *testing.T, client *http.Client, method, address string, header http.Header, body io.Reader) (status int, to, said string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(raw)
}

func form(t *testing.T, client *http.Client, address string, values url.Values) (int, string) {
	t.Helper()
	status, to, _ := ask(t, client, http.MethodPost, address, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader(values.Encode()))
	return status, to
}

const acrossFlow = `name: across
steps:
  - document: {accept: [passport]}
  - selfie
  - run: [document]
  - decide: {}
`

// publish gives a tenant that flow.
func publish(t *testing.T, client *servertest.Client) {
	t.Helper()
	flow, err := json.Marshal(fields{"source": acrossFlow})
	if err == nil {
		err = client.Call(t.Context(), http.MethodPut, "/v1/flows/across", "application/json", flow, new([]byte))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func uploadAcross(t *testing.T, c *cluster) {
	client := c.nodes[0].Client(t)
	publish(t, client)
	var s struct {
		ID    string `json:"id"`
		Token string `json:"token"`
	}
	if err := client.Post(t.Context(), "/v1/sessions", fields{"flow": "across", "applicant": fields{"last_name": "Lovelace"}}, &s); err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, specimen.Portrait(specimen.Person{}), nil); err != nil {
		t.Fatal(err)
	}
	file := picture.Bytes()
	hash := sha256.Sum256(file)
	sum := hex.EncodeToString(hash[:])
	b := browser(t)
	if status, to := form(t, b, c.on(0, "/verify/s/"+s.Token), nil); status != http.StatusSeeOther {
		t.Fatalf("open the link: %d %s", status, to)
	}
	half := len(file) / 2
	for i, piece := range [][]byte{file[:half], file[half:]} {
		header := http.Header{"Usher-Upload": {sum}, "Usher-Offset": {fmt.Sprint(i * half)}, "Accept": {"application/json"}}
		status, _, said := ask(t, b, http.MethodPost, c.on(i, "/verify/f/"+s.ID+"/front/part"), header, bytes.NewReader(piece))
		var got struct{ Offset int }
		if err := json.Unmarshal([]byte(said), &got); err != nil || status != http.StatusOK || got.Offset != i*half+len(piece) {
			t.Fatalf("piece %d at node %d: %d %s", i, i, status, said)
		}
	}
	done := "--x\r\nContent-Disposition: form-data; name=\"upload\"\r\n\r\n" + sum + "\r\n--x--\r\n"
	header := http.Header{"Content-Type": {"multipart/form-data; boundary=x"}, "Accept": {"application/json"}}
	status, _, said := ask(t, b, http.MethodPost, c.on(1, "/verify/f/"+s.ID+"/front"), header, strings.NewReader(done))
	if status != http.StatusOK || !strings.Contains(said, `"page"`) {
		t.Errorf("end the upload at the other node: %d %s", status, said)
	}
}

// staff gives the e-mail address and password of a member of staff with a role.
func (c *cluster) staff(t *testing.T, role string) (email, password string) {
	t.Helper()
	var dev struct {
		Staff []struct{ Email, Password, Role string } `json:"staff"`
	}
	c.nodes[0].Dev(t, &dev)
	for _, s := range dev.Staff {
		if s.Role == role {
			return s.Email, s.Password
		}
	}
	t.Fatalf("there is no %s", role)
	return "", ""
}

func signedInAcross(t *testing.T, c *cluster) {
	b := browser(t)
	email, password := c.staff(t, "reviewer")
	if status, to := form(t, b, c.on(0, "/desk/sign-in"), url.Values{"email": {email}, "password": {password}}); status != http.StatusSeeOther {
		t.Fatalf("sign in: %d %s", status, to)
	}
	if status, to, _ := ask(t, b, http.MethodGet, c.on(1, "/desk/"), nil, nil); strings.Contains(to, "sign-in") || status >= http.StatusBadRequest {
		t.Errorf("signed in at one node, at the other: %d %s", status, to)
	}
	if status, to := form(t, b, c.on(1, "/desk/sign-out"), nil); status != http.StatusSeeOther {
		t.Fatalf("sign out: %d %s", status, to)
	}
	if _, to, _ := ask(t, b, http.MethodGet, c.on(0, "/desk/"), nil, nil); !strings.Contains(to, "sign-in") {
		t.Errorf("signed out at one node, at the other it leads to %q", to)
	}
}

func lockedAcross(t *testing.T, c *cluster) {
	email, password := c.staff(t, "senior")
	refused := 0
	for i := range 12 {
		status, _ := form(t, browser(t), c.on(i%2, "/desk/sign-in"), url.Values{"email": {email}, "password": {"not the password " + fmt.Sprint(i)}})
		if status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 5 || refused > 7 {
		t.Errorf("%d of 12 wrong passwords were not looked at any more, want about half: five are", refused)
	}
	for node := range c.nodes {
		if status, _ := form(t, browser(t), c.on(node, "/desk/sign-in"), url.Values{"email": {email}, "password": {password}}); status != http.StatusTooManyRequests {
			t.Errorf("node %d: %d for the right password of a locked account", node, status)
		}
	}
}

// endpointAcross makes an endpoint at one node and at once lets something happen at the other, several times: it must be told every time.
func endpointAcross(t *testing.T, c *cluster) {
	client := c.nodes[0].Client(t)
	told := make(chan string, 100)
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.URL.Path }))
	t.Cleanup(sink.Close)
	for i := range 6 {
		path := fmt.Sprintf("/%d", i)
		// The balancer takes turns: the endpoint is made at one node, the session begins at the other.
		if err := client.Post(t.Context(), "/v1/webhook_endpoints", fields{"url": sink.URL + path, "events": []string{"session.created"}}, new([]byte)); err != nil {
			t.Fatal(err)
		}
		if err := client.Post(t.Context(), "/v1/sessions", fields{"applicant": fields{"last_name": "Lovelace"}}, new([]byte)); err != nil {
			t.Fatal(err)
		}
		for got := ""; got != path; {
			select {
			case got = <-told:
			case <-time.After(learnt):
				t.Fatalf("endpoint %d was not told of what happened right after it was made", i)
			}
		}
	}
}

// listsAcross brings a list in on one node and looks for somebody on it on both.
func listsAcross(t *testing.T, c *cluster) {
	dir := t.TempDir()
	list := "id,name,kind\n1,Quillon Vexworth,person\n"
	if err := os.WriteFile(filepath.Join(dir, "own.csv"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	c.nodes[0].Run(t, "watchlist", "import", "--list", "across", dir)
	client := c.nodes[0].Client(t)
	began := time.Now()
	seen := map[int]string{}
	for limit := time.Now().Add(learnt); len(seen) < len(c.nodes); time.Sleep(20 * time.Millisecond) {
		for node := range c.nodes {
			var found struct {
				Lists   []struct{ List, Hash string }
				Results []struct{ Hits []struct{ Name string } }
			}
			if err := at(client, c, node).Post(t.Context(), "/v1/screenings", fields{"subjects": []fields{{"name": "Quillon Vexworth"}}}, &found); err != nil {
				t.Fatal(err)
			}
			for _, l := range found.Lists {
				if l.List == "across" && len(found.Results) == 1 && len(found.Results[0].Hits) == 1 {
					seen[node] = l.Hash
				}
			}
		}
		if time.Now().After(limit) {
			t.Fatalf("after %s the list is used by %d of %d nodes", learnt, len(seen), len(c.nodes))
		}
	}
	if seen[0] != seen[1] || seen[0] == "" {
		t.Errorf("the nodes use editions %q and %q", seen[0], seen[1])
	}
	t.Logf("in use on both nodes %d ms after the command ended", time.Since(began).Milliseconds())
}

// at gives the client as one of a single node.
func at(client *servertest.Client, c *cluster, node int) *servertest.Client {
	return client.At(c.on(node, ""))
}
