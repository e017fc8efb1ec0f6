package browsertest

import (
	"context"
	_ "embed" // for find.js
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed find.js
var findJS string

// textJS gives the visible text of what a selector matches, as a list of one or
// none.
const textJS = `(selector) => [...document.querySelectorAll(selector)].slice(0, 1)
	.map((el) => (el.innerText ?? el.textContent).replace(/\s+/g, " ").trim())`

// clickPointJS gives the middle of an element's first box, or why a click there
// would not reach it.
const clickPointJS = `function () {
	this.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
	const box = this.getClientRects()[0];
	if (!box) return {why: "it has no box"};
	if (this.disabled) return {why: "it is disabled"};
	const x = box.x + box.width / 2, y = box.y + box.height / 2;
	const top = document.elementFromPoint(x, y);
	const hit = top && (this.contains(top) || [...(this.labels ?? [])].some((l) => l.contains(top)));
	return hit ? {x, y, why: ""} : {why: "it is covered by " + (top ? top.outerHTML.slice(0, 80) : "nothing")};
}`

// clickPoint is what clickPointJS gives: a place in CSS pixels, or why there is none.
type clickPoint struct {
	X, Y float64
	Why  string
}

// setValueJS sets the value of a field that has no typing, such as a list or a
// date, and tells the page as the browser would.
const setValueJS = `function (value) {
	const typed = this.matches("textarea, input:not([type]), input[type=text], input[type=email], input[type=tel], " +
		"input[type=password], input[type=search], input[type=url], input[type=number]");
	this.focus();
	if (typed) { this.select(); return "type"; }
	if (this.matches("select")) {
		const choice = [...this.options].find((o) => o.text.trim() === value || o.value === value);
		if (!choice) return "no choice " + JSON.stringify(value) + " in the list";
		choice.selected = true;
	} else if (this.matches("input[type=checkbox], input[type=radio], input[type=file]")) {
		return "a " + this.type + " field is not filled in: use Click or SetFile";
	} else {
		this.value = value;
		if (this.value !== value) return "the field does not take " + JSON.stringify(value);
	}
	this.dispatchEvent(new Event("input", {bubbles: true}));
	this.dispatchEvent(new Event("change", {bubbles: true}));
	return "";
}`

// Click presses, with the mouse, what is called target: the text or aria-label of
// a visible button, link, label or summary; if none is called so, what the CSS
// selector target matches. When that loads a page, Click waits for it.
func (p *Page) Click(target string) {
	p.t.Helper()
	var point clickPoint
	p.poll("click "+target, func(ctx context.Context) (string, error) {
		id, missing, err := find(ctx, target, "press")
		if err != nil || missing != "" {
			return missing, err
		}
		point, err = chromedp.Run(ctx, chromedp.CallFunctionOn[clickPoint](clickPointJS, on(id)))
		return point.Why, err
	})
	// Outside of poll, which would press twice when the first press ends in an error.
	p.must("click "+target, func(ctx context.Context) error {
		return p.settle(ctx, chromedp.MouseClickXY(point.X, point.Y))
	})
}

// Fill puts value into the field whose label or aria-label is field, or that the
// CSS selector field matches. Text is typed over what was there; for a list, value
// is the text of a choice.
func (p *Page) Fill(field, value string) {
	p.t.Helper()
	p.poll("fill "+field, func(ctx context.Context) (string, error) {
		id, missing, err := find(ctx, field, "field")
		if err != nil || missing != "" {
			return missing, err
		}
		todo, err := chromedp.Run(ctx, chromedp.CallFunctionOn[string](setValueJS, on(id), value))
		if err != nil || todo != "type" {
			return todo, err
		}
		if value == "" {
			return "", chromedp.Do(ctx, chromedp.KeyEvent(kb.Delete))
		}
		_, err = chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value})
		return "", err
	})
}

// SetFile chooses the files at paths for the file field whose label is field, or
// that the CSS selector field matches.
func (p *Page) SetFile(field string, paths ...string) {
	p.t.Helper()
	files := make([]string, len(paths))
	for i, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			p.t.Fatalf("choose %s: %v", path, err)
		}
		files[i] = abs
	}
	p.poll("choose files for "+field, func(ctx context.Context) (string, error) {
		id, missing, err := find(ctx, field, "field")
		if err != nil || missing != "" {
			return missing, err
		}
		_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: id})
		return "", err
	})
}

// Press presses keys one after the other: a character, or one of Enter, Tab,
// Escape, Space, Backspace, Delete, Home, End, ArrowUp, ArrowDown, ArrowLeft and
// ArrowRight, with Shift+, Ctrl+, Alt+ or Meta+ before it. When a key loads a page,
// Press waits for it.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		press, err := keyAction(key)
		if err != nil {
			p.t.Fatalf("press %s: %v", key, err)
		}
		p.must("press "+key, func(ctx context.Context) error { return p.settle(ctx, press) })
	}
}

// keyAction turns a key's name into the action of pressing it.
func keyAction(key string) (chromedp.Action[chromedp.Void], error) {
	named := map[string]string{
		"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace, "Delete": kb.Delete,
		"Home": kb.Home, "End": kb.End, "ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	}
	held := map[string]chromedp.Modifier{
		"Shift": kb.ModifierShift, "Ctrl": kb.ModifierCtrl, "Alt": kb.ModifierAlt, "Meta": kb.ModifierMeta,
	}
	var modifiers []chromedp.Modifier
	for {
		before, after, cut := strings.Cut(key, "+")
		if !cut || after == "" || before == "" {
			break
		}
		m, known := held[before]
		if !known {
			return nil, fmt.Errorf("no such modifier: %s", before)
		}
		modifiers, key = append(modifiers, m), after
	}
	if code, ok := named[key]; ok {
		key = code
	} else if len([]rune(key)) != 1 {
		return nil, errors.New("no such key")
	}
	return chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers...)), nil
}

// Focused returns what has the keyboard focus, as a person would call it: its
// label, aria-label or text, or else its tag and id. It is empty when the focus is
// on the page itself.
func (p *Page) Focused() string {
	p.t.Helper()
	return Eval[string](p, `(() => {
		const el = document.activeElement;
		if (!el || el === document.body) return "";
		const label = el.labels?.[0]?.innerText || el.getAttribute("aria-label") || el.innerText || el.value || "";
		return label.replace(/\s+/g, " ").trim() || el.tagName.toLowerCase() + (el.id ? "#" + el.id : "");
	})()`)
}

// find looks once for what is called target and returns its handle, or why there
// is none.
func find(ctx context.Context, target, kind string) (id runtime.RemoteObjectID, missing string, err error) {
	object, err := chromedp.Run(ctx, chromedp.Evaluate[*runtime.RemoteObject](call(findJS, target, kind)))
	if err != nil {
		return "", "", err
	}
	if object.ObjectID == "" {
		if err := json.Unmarshal(object.Value, &missing); err != nil {
			return "", "", fmt.Errorf("read the finder's answer: %w", err)
		}
	}
	return object.ObjectID, missing, nil
}

// settle does act and, when a page is then on its way, waits until it is there.
func (p *Page) settle(ctx context.Context, act chromedp.Action[chromedp.Void]) error {
	p.log.mu.Lock()
	p.log.loading = false
	p.log.mu.Unlock()
	if err := chromedp.Do(ctx, act); err != nil {
		return err
	}
	// A form is sent a task after its click; one question and answer later the
	// browser has told of it. The answer itself may be lost to the new page.
	_, _ = chromedp.Run(ctx, chromedp.Evaluate[int]("0"))
	for p.log.isLoading() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the page it loads: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// call writes the JavaScript call of the function fn with args.
func call(fn string, args ...any) string {
	list := make([]string, len(args))
	for i, arg := range args {
		text, err := json.Marshal(arg)
		if err != nil {
			// Arguments are our own strings, so this cannot happen; null makes
			// the call fail in the page with a readable error.
			text = []byte("null")
		}
		list[i] = string(text)
	}
	return "(" + strings.TrimSpace(fn) + ")(" + strings.Join(list, ", ") + ")"
}

// on makes a function run with the element id as this.
func on(id runtime.RemoteObjectID) chromedp.CallOption {
	return func(params *runtime.CallFunctionOnParams) { params.ObjectID = id }
}
