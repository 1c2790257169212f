package sociomile

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"syscall"

	"banksulutgo.co.id/servicedesk/guard"
)

// Fault is what a diagnosis found.
type Fault string

// The faults. From faultNoStatusAddress on tickets can be created.
const (
	faultNotConfigured   Fault = "NOT_CONFIGURED"
	faultNoName          Fault = "NO_NAME"            // it cannot be resolved
	faultNotAllowed      Fault = "NOT_ALLOWED"        // an address that the program never calls
	faultNobodyListens   Fault = "CONNECTION_REFUSED" // at the port
	faultNoRoute         Fault = "NO_ROUTE"           // no connection, for nothing answers
	faultExpired         Fault = "TLS_EXPIRED"
	faultWrongName       Fault = "TLS_WRONG_NAME"
	faultUntrusted       Fault = "TLS_UNTRUSTED"
	faultNoTLS           Fault = "TLS" // any other
	faultNoAnswer        Fault = "NO_ANSWER"
	faultMissingRoute    Fault = "ROUTE_MISSING"
	faultMoved           Fault = "MOVED"           // to the same path with or without /api
	faultWrongToken      Fault = "WRONG_TOKEN"     // refused in both ways
	faultWrongWay        Fault = "WRONG_TOKEN_WAY" // taken in the way that is not configured
	faultBlocked         Fault = "BLOCKED"         // by somebody before the application
	faultPageMissing     Fault = "PROXY_404"       // by somebody before the application
	faultTooMany         Fault = "TOO_MANY"
	faultGatewayDown     Fault = "GATEWAY"
	faultProviderError   Fault = "SERVER"
	faultRedirected      Fault = "REDIRECTED"
	faultUnexpected      Fault = "UNEXPECTED"
	faultTicketRefused   Fault = "TEST_TICKET_REFUSED"
	faultNoStatusAddress Fault = "NO_STATUS_URL"
	faultStatusMissing   Fault = "STATUS_ROUTE"
	faultSlow            Fault = "SLOW"
	faultWorking         Fault = "NONE"
)

// Side is whose fault it is.
type Side string

// The sides.
const (
	sideOurs     Side = "ours" // a setting of the desk
	sideNetwork  Side = "network"
	sideProvider Side = "provider"
	sideNobody   Side = "nobody"
)

// blames begin a sentence about a fault of each side.
var blames = map[Side][2]string{
	sideOurs:     {"It is a setting of ours: ", "Ini soal setelan kita: "},
	sideNetwork:  {"It is the network, or the name: ", "Ini soal jaringan atau nama: "},
	sideProvider: {"It is the provider's fault: ", "Ini kesalahan penyedia: "},
}

// sentence says whose fault something is, and whom to ask what. What stands in braces is filled in.
type sentence struct {
	whose               Side
	english, indonesian string
}

var sentences = map[Fault]sentence{
	faultNotConfigured: {sideOurs,
		"Sociomile is not configured; set OMNI_API_URL and OMNI_API_TOKEN to what the provider gave the bank (servicedesk help config).",
		"Sociomile belum dikonfigurasi; isi OMNI_API_URL dan OMNI_API_TOKEN dengan yang diberikan penyedia kepada bank (servicedesk help config)."},
	faultNoName: {sideNetwork,
		"the name in OMNI_API_URL ({host}) cannot be resolved; compare it with what the provider gave, then ask our network team whether the DNS of this machine knows it.",
		"nama di OMNI_API_URL ({host}) tidak dapat ditemukan; cocokkan dengan yang diberikan penyedia, lalu tanyakan kepada tim jaringan kita apakah DNS mesin ini mengenalnya."},
	faultNotAllowed: {sideOurs,
		"OMNI_API_URL ({host}) leads to an address that the desk never calls; correct the setting, or ask our network team why the name has this address.",
		"OMNI_API_URL ({host}) mengarah ke alamat yang tidak pernah dipanggil oleh aplikasi; perbaiki setelannya, atau tanyakan kepada tim jaringan kita mengapa nama itu beralamat demikian."},
	faultNobodyListens: {sideProvider,
		"the provider's machine refuses connections at {host}; ask the provider whether its server runs, and whether this is still the right port.",
		"mesin penyedia menolak sambungan di {host}; tanyakan kepada penyedia apakah servernya berjalan dan apakah portnya masih benar."},
	faultNoRoute: {sideNetwork,
		"nothing answers at {host}; ask our network team whether this machine may connect there, and then the provider whether it lets our address in.",
		"tidak ada yang menjawab di {host}; tanyakan kepada tim jaringan kita apakah mesin ini boleh tersambung ke sana, lalu kepada penyedia apakah alamat kita diizinkan."},
	faultExpired: {sideProvider,
		"the provider's certificate for {host} has expired; ask the provider to renew it.",
		"sertifikat penyedia untuk {host} sudah kedaluwarsa; mintalah penyedia memperbaruinya."},
	faultWrongName: {sideProvider,
		"the certificate at {host} is for another name; compare OMNI_API_URL with what the provider gave, and ask the provider for a certificate of this name.",
		"sertifikat di {host} adalah untuk nama lain; cocokkan OMNI_API_URL dengan yang diberikan penyedia, dan mintalah sertifikat untuk nama ini."},
	faultUntrusted: {sideProvider,
		"this machine does not trust who signed the certificate of {host}; ask the provider for its whole chain, and our network team whether a proxy of ours puts in its own.",
		"mesin ini tidak memercayai penanda tangan sertifikat {host}; mintalah rantai lengkapnya kepada penyedia, dan tanyakan kepada tim jaringan kita apakah ada proksi yang menggantinya."},
	faultNoTLS: {sideProvider,
		"no secure connection can be made with {host}; ask the provider whether it serves https there, and our network team whether something stands between.",
		"sambungan aman dengan {host} tidak dapat dibuat; tanyakan kepada penyedia apakah https dilayani di sana, dan kepada tim jaringan kita apakah ada perangkat di antaranya."},
	faultNoAnswer: {sideProvider,
		"{host} takes connections, but its create route does not answer in time or cuts them; ask the provider to look at the log of its server for {create}.",
		"{host} menerima sambungan, tetapi rute pembuatan tiketnya tidak menjawab tepat waktu atau memutusnya; mintalah penyedia memeriksa log servernya untuk {create}."},
	faultMissingRoute: {sideProvider,
		"its server runs, but the route {create} is not registered there (404); ask the provider when it deploys the route, or under which address it is.",
		"servernya berjalan, tetapi rute {create} tidak terdaftar di sana (404); tanyakan kepada penyedia kapan rute itu dipasang, atau di alamat mana rute itu berada."},
	faultMoved: {sideOurs,
		"the create route is not at OMNI_API_URL but at {variant}; ask the provider to confirm that it moved, then set OMNI_API_URL to it, and the status address likewise.",
		"rute pembuatan tiket tidak ada di OMNI_API_URL melainkan di {variant}; mintalah penyedia memastikan perpindahannya, lalu ubah OMNI_API_URL, begitu juga alamat statusnya."},
	faultWrongToken: {sideOurs,
		"the create route exists, but refuses our token both as query and as header ({status}); compare OMNI_API_TOKEN with what the provider gave, then ask the provider whether it is still valid.",
		"rute pembuatan tiket ada, tetapi menolak token kita baik sebagai query maupun header ({status}); cocokkan OMNI_API_TOKEN dengan yang diberikan penyedia, lalu tanyakan apakah token itu masih berlaku."},
	faultWrongWay: {sideOurs,
		"the provider takes our token as {other}, not as {auth}; set OMNI_AUTH={other}.",
		"penyedia menerima token kita sebagai {other}, bukan {auth}; ubah OMNI_AUTH={other}."},
	faultBlocked: {sideProvider,
		"something before the provider's application refuses us with a page ({status}); ask the provider whether its firewall lets our address in.",
		"sesuatu di depan aplikasi penyedia menolak kita dengan sebuah halaman ({status}); tanyakan kepada penyedia apakah firewall-nya mengizinkan alamat kita."},
	faultPageMissing: {sideProvider,
		"something before the provider's application answers 404 with a page, so that {create} does not reach it; compare OMNI_API_URL with what the provider gave, and ask the provider where its proxy leads this address.",
		"sesuatu di depan aplikasi penyedia menjawab 404 dengan sebuah halaman, sehingga {create} tidak sampai ke aplikasi; cocokkan OMNI_API_URL dengan yang diberikan penyedia, dan tanyakan ke mana proksinya mengarahkan alamat ini."},
	faultTooMany: {sideProvider,
		"the provider limits how often we may call ({status}); wait, and ask the provider for a higher limit when it stays so.",
		"penyedia membatasi seberapa sering kita boleh memanggil ({status}); tunggulah, dan mintalah batas yang lebih tinggi bila tetap demikian."},
	faultGatewayDown: {sideProvider,
		"the proxy before its application answers {status}; ask the provider whether the application behind it runs.",
		"proksi di depan aplikasinya menjawab {status}; tanyakan kepada penyedia apakah aplikasi di belakangnya berjalan."},
	faultProviderError: {sideProvider,
		"its application fails ({status}); ask the provider to look at its log for {create}.",
		"aplikasinya gagal ({status}); mintalah penyedia memeriksa lognya untuk {create}."},
	faultRedirected: {sideOurs,
		"the provider sends us from {create} to another address ({status}); ask the provider which is right, and set OMNI_API_URL to it.",
		"penyedia mengalihkan kita dari {create} ke alamat lain ({status}); tanyakan kepada penyedia mana yang benar, lalu ubah OMNI_API_URL."},
	faultUnexpected: {sideProvider,
		"the provider answers {status} at {create}, which is none of the answers agreed on; ask the provider what it means.",
		"penyedia menjawab {status} di {create}, yang bukan jawaban yang disepakati; tanyakan kepada penyedia apa artinya."},
	faultTicketRefused: {sideProvider,
		"the create route exists, but the test ticket was not taken; show the provider the answer to it.",
		"rute pembuatan tiket ada, tetapi tiket uji tidak diterima; tunjukkan jawabannya kepada penyedia."},
	faultNoStatusAddress: {sideOurs,
		"tickets can be created, but there is no address for changes of status; set OMNI_UPDATE_STATUS_URL to what the provider gave.",
		"tiket dapat dibuat, tetapi tidak ada alamat untuk perubahan status; isi OMNI_UPDATE_STATUS_URL dengan yang diberikan penyedia."},
	faultStatusMissing: {sideProvider,
		"tickets can be created, but the status route {statusURL} does not answer as it should; ask the provider whether it is registered there.",
		"tiket dapat dibuat, tetapi rute status {statusURL} tidak menjawab semestinya; tanyakan kepada penyedia apakah rute itu terdaftar di sana."},
	faultSlow: {sideProvider,
		"it works but is slow ({check} took {took}); ask the provider what holds it up before it runs into OMNI_TIMEOUT.",
		"berfungsi tetapi lambat ({check} memerlukan {took}); tanyakan kepada penyedia apa yang menghambat sebelum melewati OMNI_TIMEOUT."},
	faultWorking: {sideNobody,
		"The provider works: nobody has to be asked.",
		"Penyedia berfungsi: tidak ada yang perlu ditanyakan."},
}

// faultOfDial is why there is no connection.
func faultOfDial(err error) Fault {
	if _, refused := errors.AsType[*guard.Refused](err); refused {
		return faultNotAllowed
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return faultNobodyListens
	}
	return faultNoRoute
}

// faultOfTLS is why a connection cannot be made secure.
func faultOfTLS(err error) Fault {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return faultExpired
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return faultWrongName
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return faultUntrusted
	}
	return faultNoTLS
}
