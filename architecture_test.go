package servicedesk_test

import (
	"testing"
)

// Change these tables in the commit that changes ARCHITECTURE.md, and the budgets only with a decision record.

const module = "banksulutgo.co.id/servicedesk"

// everything in a row of mayImport stands for all of our packages.
const everything = "*"

// mayImport says which of our packages each of our packages may import (tests excepted): doors do not touch SQL
// and do not know each other, verbs do not know HTTP, nouns know nothing.
var mayImport = map[string][]string{
	".":              {},
	"mask":           {},
	"desk":           {"mask"},
	"durable":        {},
	"guard":          {},
	"auth":           {"desk", "durable"},
	"blob":           {"desk", "durable", "guard"},
	"store":          {"desk", "durable", "store/internal/engine", "store/internal/reference", "store/internal/schema", "store/internal/share", "store/internal/sql"},
	"outbox":         {"desk", "store"},
	"live":           {"desk", "store"},
	"app":            {"desk", "mask", "durable", "auth", "blob", "store"},
	"web":            {"desk", "mask"},
	"webhook":        {"desk", "mask", "guard", "store", "outbox"},
	"sociomile":      {"desk", "mask", "guard", "store", "outbox"},
	"sociomile/fake": {},
	"api":            {"desk", "mask", "app", "web", "live"},
	"staff":          {"desk", "mask", "auth", "store", "app"},
	"console":        {"desk", "app", "staff", "web", "live"},
	"portal":         {"desk", "app", "web"},
	"docs":           {"desk", "web"},
	"backup":         {"desk", "durable", "auth", "blob", "store"},
	"load":           {"guard"},
	"doctor":         {"auth", "blob", "store", "app", "guard"},
	"demo":           {"desk", "app"},
	"cmd/servicedesk": {
		"desk", "auth", "blob", "store", "outbox", "live", "app", "staff", "web", "webhook", "sociomile", "sociomile/fake",
		"api", "console", "portal", "docs", "backup", "load", "durable", "doctor", "demo", "guard",
	},
	"store/internal/engine":      {},
	"store/internal/reference":   {},
	"store/internal/share":       {"store/internal/engine", "store/internal/sql"},
	"store/internal/sql":         {"store/internal/engine"},
	"store/internal/schema":      {"store/internal/engine"},
	"internal/bench":             {everything},
	"internal/desktest":          {everything},
	"internal/desktest/browser":  {},
	"internal/soak":              {everything},
	"internal/desktest/pgserver": {},
	"internal/desktest/testrun":  {"internal/desktest/pgserver"},
}

// A ban keeps an import, and what lies below it, out of packages.
type ban struct {
	path   string
	not    []string // the packages that must not import it
	only   []string // instead of not: the packages that may; their sub-packages may too
	reason string
}

var bans = []ban{
	{path: "net/http", not: []string{"desk", "auth", "blob", "store", "store/internal/engine", "outbox", "live", "app", "staff"},
		reason: "only doors know HTTP, and nothing inside a transaction may reach the network"},
	{path: "log/slog", not: []string{"desk"}, reason: "rules return errors; who calls them logs"},
	{path: "database/sql", only: []string{"internal/desktest"}, reason: "all SQL is in store"},
	{path: "github.com/jackc/pgx/v5", only: []string{"store/internal/engine", "internal/desktest"}, reason: "the databases are known to the engines of store only"},
	{path: "zombiezen.com/go/sqlite", only: []string{"store/internal/engine"}, reason: "the databases are known to the engines of store only"},
	{path: "modernc.org/sqlite", only: []string{"store/internal/engine", "internal/desktest"}, reason: "the databases are known to the engines of store only"},
	{path: "github.com/minio/minio-go/v7", only: []string{"blob"}, reason: "where attachments are is blob's secret"},
	{path: "html/template", only: []string{"console", "portal", "docs", "sociomile/fake"}, reason: "pages belong to the doors for people, and to what stands in for one"},
	{path: "testing", only: []string{"internal/desktest"}, reason: "the program must not carry its tests"},
}

// exceptions free a file from one rule: the file and what it may do there, then why. One that is no longer
// needed is a breach itself.
type exceptions map[[2]string]string

var importExceptions = exceptions{
	{"blob/s3.go", "net/http"}: "the S3 client wants a transport with our limits",
}

// clockless packages are told the time.
var clockless = []string{"desk", "store", "store/internal/engine", "store/internal/share", "outbox", "app", "staff"}

var clockExceptions = exceptions{
	{"store/store.go", "time.Now"}:                   "the default of Options.Clock",
	{"store/internal/share/writes.go", "time.Now"}:   "how long a commit takes is a metric; a fake clock would tell nothing",
	{"store/internal/share/writes.go", "time.Since"}: "the same metric",
	{"outbox/runner.go", "time.Now"}:                 "how long a call took, and whether the process stood still: no clock may be turned back for that",
	{"outbox/runner.go", "time.Since"}:               "likewise",
}

// allowedInterfaces may have fewer than two implementations: package and name, then why.
var allowedInterfaces = map[string]string{}

// Tests that may skip, or sleep.
var (
	skipExceptions  = exceptions{}
	sleepExceptions = exceptions{}
)

// What calls out, although every call shall pass guard, and why it does not evade it.
var callExceptions = exceptions{
	{"blob/s3.go", "http.Transport"}:              "the type of what guard makes",
	{"webhook/client.go", "http.Client"}:          "over a transport of guard",
	{"cmd/servicedesk/bench.go", "http.Client"}:   "over a transport of guard",
	{"cmd/servicedesk/notify.go", "net.DialUnix"}: "a socket of this machine, which systemd names",
}

// vagueFolders are names that say nothing about what is inside.
var vagueFolders = []string{"utils", "util", "common", "models", "types", "helpers", "services", "mocks", "pkg"}

// The budgets, in lines and numbers.
const (
	maxMedianFunction = 12
	maxFunction       = 80
	maxFile           = 500
	maxPackage        = 5500
	maxPackages       = 36
)

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	report(t, load(t).imports(mayImport),
		"move the code, or pass what is needed as an argument or a function; a new package needs a row in mayImport")
}

func TestBannedImportsStayOut(t *testing.T) {
	report(t, load(t).bannedImports(bans, importExceptions), "let the package that may import it do the work")
}

func TestTheClockIsAnArgument(t *testing.T) {
	report(t, load(t).clockReads(clockless, clockExceptions), "take the time, or a func() time.Time, from the caller")
}

func TestEveryCallPassesTheGuard(t *testing.T) {
	report(t, load(t).calls(ofTheProgram, callsOut, callExceptions), "call over guard.Transport or guard.Dialer, which check the address")
}

func TestNothingRunsBeforeMain(t *testing.T) {
	report(t, load(t).initFunctions(), "do it in a constructor that cmd/servicedesk calls")
}

func TestFunctionsAreShort(t *testing.T) {
	report(t, load(t).longFunctions(maxMedianFunction, maxFunction), "split where the story has a new paragraph")
}

func TestFilesAreShort(t *testing.T) {
	report(t, load(t).longFiles(maxFile), "split it by what it is about")
}

func TestPackagesAreFewAndSmall(t *testing.T) {
	report(t, load(t).largePackages(maxPackage, maxPackages), "find the part that has a name of its own")
}

func TestExportedNamesAreDocumented(t *testing.T) {
	report(t, load(t).undocumented(), "say what it is, its unit, the errors it returns and its source; or do not export it")
}

func TestInterfacesHaveTwoImplementations(t *testing.T) {
	report(t, loneInterfaces(t, allowedInterfaces),
		"use the one type itself, or a func; test doubles of our own code do not count")
}

func TestFoldersAreNamedByWhatTheyHold(t *testing.T) {
	report(t, load(t).vagueFolders(vagueFolders), "name it by its subject, or put the code where it is used")
}

func TestDirectModulesAreArguedInTheDocs(t *testing.T) {
	report(t, load(t).unarguedModules("go.mod", "docs/dependencies.md"),
		"add or remove its row in docs/dependencies.md: the module, what for, and why this one")
}

func TestThereAreAsManyLinesOfTestsAsOfCode(t *testing.T) {
	report(t, load(t).testRatio(), "write the missing tests; do not pad")
}

func TestNoTestIsSkipped(t *testing.T) {
	report(t, load(t).calls(inTests, skips, skipExceptions), "let the test fail and say what it lacks, or delete it")
}

func TestNoTestSleeps(t *testing.T) {
	report(t, load(t).calls(inTests, sleeps, sleepExceptions), "wait for a signal, or use a fake clock")
}

func TestNoFileNamesThisMachine(t *testing.T) {
	report(t, load(t).machinePaths(), "use a relative path, a placeholder or an environment variable")
}

// report fails the test with every breach and what to do about them.
func report(t *testing.T, breaches []string, advice string) {
	t.Helper()
	for _, breach := range breaches {
		t.Error(breach)
	}
	if len(breaches) > 0 {
		t.Log("What to do: " + advice + ".")
	}
}
