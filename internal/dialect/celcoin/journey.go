package celcoin

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// stepNames give the vendor's names of our screens. Screens that it has no name for are left out.
var stepNames = map[string]string{
	"welcome":                 "STEP_WELCOME",
	"consent":                 "STEP_USING_TERMS",
	"details":                 "STEP_DATA_CONFIRMATION",
	"document":                "STEP_DOCUMENT_TYPE",
	"document.front":          "STEP_SEND_DOCUMENT_TYPE",
	"document.camera":         "STEP_DD",
	"document.camera.running": "STEP_CAMERA_ACCESS",
	"document.preview":        "STEP_DD_PREVIEW",
	"document.back.camera":    "STEP_DD",
	"document.back.preview":   "STEP_DD_PREVIEW",
	"selfie.camera":           "STEP_PFL",
	"selfie.camera.running":   "STEP_CAMERA_ACCESS",
	"selfie.preview":          "STEP_PFL_PREVIEW",
	"proof_of_address":        "STEP_DISPATCH_ADDRESS",
	"done":                    "STEP_DONE",
}

// newAccess is the step of a link that is opened once more.
const newAccess = "STEP_NEW_ACCESS"

const (
	journeyPending   = "PENDING"
	journeyCompleted = "COMPLETED"
)

func (d *dialect) readJourney(r request) (any, error) {
	if !r.q.named() {
		return nil, refusal("OBE054")
	}
	s, err := d.find(r, "OBE049")
	if err != nil {
		return nil, err
	}
	views, err := d.Service.Journey(r.Context(), r.tenant(), s.ID)
	if err != nil {
		return nil, unknown(err, "OBE049")
	}
	j := journey{ProposalID: s.ID, ClientCode: codeOf(s), DocumentNumber: s.Metadata[metaDocument], Status: journeyPending}
	if !s.SubmittedAt.IsZero() {
		j.Status = journeyCompleted
	}
	j.walk(views)
	if len(j.StepsArray) == 0 {
		return nil, refusal("OBE070")
	}
	if j.Link, err = d.link(r, s); err != nil {
		return nil, err
	}
	return j, nil
}

// walk fills in the steps and the devices of a journey.
func (j *journey) walk(views []usher.PageView) {
	seen, agents := map[string]int{}, map[string]bool{}
	var times []time.Time
	for _, v := range views {
		name, ok := stepNames[v.Screen]
		if !ok {
			continue
		}
		if v.Screen == "welcome" && len(j.StepsArray) > 0 {
			name = newAccess
		}
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, seen[name]-1)
		}
		on := deviceOf(v.Agent)
		if !agents[v.Agent] {
			agents[v.Agent] = true
			j.Devices = append(j.Devices, on)
		}
		times = append(times, v.At)
		j.StepsArray = append(j.StepsArray, step{
			Timestamp: v.At.In(brasilia).Format("2006-01-02 15:04:05.00"), StepName: name,
			DeviceBrowserName: on.Browser.Name, DeviceOSName: on.OS.Name, DeviceOSVersion: on.OS.Version, DevicePlatformType: on.Platform.Type,
		})
	}
	for i := 1; i < len(times); i++ {
		between := math.Round(times[i].Sub(times[i-1]).Seconds()*100) / 100
		j.StepsArray[i-1].SecondsFromNext, j.StepsArray[i].SecondsFromPrevious = between, between
	}
	j.TotalDevices = len(j.Devices)
	if n := len(j.StepsArray); n > 0 {
		j.LastStep = j.StepsArray[n-1]
		j.ProcessedAt = j.LastStep.Timestamp
	}
}

// agentRule names something by a mark in a User-Agent header; the first group of the pattern, if any, is its version.
type agentRule struct {
	name    string
	pattern *regexp.Regexp
}

// The tables are tried from the top: browsers call themselves by the names of older ones as well. What they do not know stays empty; a browser
// that hides or lies about itself is shown as what it says.
var (
	browsers = []agentRule{
		{"Microsoft Edge", regexp.MustCompile(`(?:Edg|EdgA|EdgiOS)/([\d.]+)`)},
		{"Samsung Internet for Android", regexp.MustCompile(`SamsungBrowser/([\d.]+)`)},
		{"Opera", regexp.MustCompile(`OPR/([\d.]+)`)},
		{"Firefox", regexp.MustCompile(`(?:Firefox|FxiOS)/([\d.]+)`)},
		{"Chrome", regexp.MustCompile(`(?:Chrome|CriOS)/([\d.]+)`)},
		{"Safari", regexp.MustCompile(`Version/([\d.]+).* Safari/`)},
	}
	systems = []agentRule{
		{"iOS", regexp.MustCompile(`(?:iPhone|CPU) OS ([\d_]+)`)},
		{"Android", regexp.MustCompile(`Android ([\d.]+)`)},
		{"Windows", regexp.MustCompile(`Windows NT ([\d.]+)`)},
		{"macOS", regexp.MustCompile(`Mac OS X ([\d_.]+)`)},
		{"Chrome OS", regexp.MustCompile(`CrOS \S+ ([\d.]+)`)},
		{"Linux", regexp.MustCompile(`Linux()`)},
	}
	engines = []agentRule{
		{"WebKit", regexp.MustCompile(`(?:iPhone|iPad).*AppleWebKit/([\d.]+)`)},
		{"Blink", regexp.MustCompile(`Chrome/([\d.]+)`)},
		{"Gecko", regexp.MustCompile(`rv:([\d.]+)\) Gecko`)},
		{"WebKit", regexp.MustCompile(`AppleWebKit/([\d.]+)`)},
	}
	kinds = []agentRule{
		{"tablet", regexp.MustCompile(`iPad|Tablet`)},
		{"mobile", regexp.MustCompile(`Mobile|iPhone`)},
		{"tablet", regexp.MustCompile(`Android`)}, // Android without "Mobile"
		{"desktop", regexp.MustCompile(`Windows|Macintosh|Linux|CrOS`)},
	}
	makers = []agentRule{
		{"Apple", regexp.MustCompile(`(iPhone|iPad|Macintosh)`)},
		{"Samsung", regexp.MustCompile(`; (SM-\w+)`)},
		{"Google", regexp.MustCompile(`; (Pixel[^;)]*?)(?: Build|[;)])`)},
		{"Motorola", regexp.MustCompile(`; (moto[^;)]*?)(?: Build|[;)])`)},
	}
)

func match(rules []agentRule, agent string) named {
	for _, r := range rules {
		if found := r.pattern.FindStringSubmatch(agent); found != nil {
			return named{Name: r.name, Version: strings.ReplaceAll(strings.Join(found[1:], ""), "_", ".")}
		}
	}
	return named{}
}

func deviceOf(agent string) device {
	os, maker := match(systems, agent), match(makers, agent)
	return device{
		Browser: match(browsers, agent), OS: system{Name: os.Name, Version: os.Version}, Engine: match(engines, agent),
		Platform: platform{Type: match(kinds, agent).Name, Vendor: maker.Name, Model: strings.TrimSpace(maker.Version)}, UserAgent: agent,
	}
}
