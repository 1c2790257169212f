package desk

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Language is a language that people read: Indonesian or English.
type Language string

// The two languages of the desk. The API answers in English unless asked (clients may match its texts).
const (
	English    Language = "en"
	Indonesian Language = "id"
)

// Text is a sentence for the caller. Its value is the English wording, which is also its identity;
// `{field}` stands for the label of the field that it is about, `{0}`, `{1}` … for arguments.
type Text string

// Messages of the API document and, where it is silent, in its manner.
const (
	UnauthorizedText     Text = "Unauthorized"
	CannotCreate         Text = "Insufficient permissions to create omnichannel tickets"
	CannotRead           Text = "Insufficient permissions to read omnichannel tickets"
	CannotUpdate         Text = "Insufficient permissions to update omnichannel tickets"
	ValidationFailed     Text = "Validation failed"
	EitherReference      Text = "Either ticketNumber or channelReferenceId is required"
	TicketNotFound       Text = "Ticket not found"
	AttachmentNotFound   Text = "Attachment not found"
	RequestNotFound      Text = "Request not found"
	TargetNotFound       Text = "Webhook not found"
	DeliveryNotFound     Text = "Delivery not found"
	TooManyTargets       Text = "There are {0} webhooks already. Delete one that is not needed"
	DeliveryUnderWay     Text = "The delivery is under way. Look again in a minute"
	DeliveryNotNext      Text = "The next event of this ticket is {0}. Skip that one first"
	DeliveryDone         Text = "The event was delivered already"
	DeliverySkipped      Text = "The event was skipped already"
	DeliveryGivenUp      Text = "The event is not tried any more and holds up nothing"
	TicketTargetStays    Text = "This webhook comes from the tickets that name it. Disable it instead"
	TargetKeepsSecret    Text = "The secret of this webhook is that of the API key"
	NotForwarded         Text = "The ticket is not forwarded to Sociomile"
	ForwardUnderWay      Text = "Sociomile is being told of the ticket at this moment. Look again in a minute"
	ForwardSent          Text = "Sociomile has the ticket already"
	ForwardSentAs        Text = "Sociomile has the ticket already, as {0}"
	TargetChanged        Text = "The webhook was changed since it was read. Read it again and repeat the change"
	KeyNotFound          Text = "There is no such API key in use"
	AgentExists          Text = "An agent with this e-mail exists already"
	PathNotFound         Text = "Not found. The API is described at /docs"
	MethodNotAllowed     Text = "Method {0} is not allowed here. Allowed: {1}"
	TicketFinalized      Text = "Cannot update closed or resolved tickets"
	SystemUserNotFound   Text = "System user not found"
	ClaimServiceNotFound Text = "Claim service not found"
	ServiceNotFound      Text = "Service {0} not found"
	InvalidJSON          Text = "Invalid JSON: {0} at line {1}, column {2}"
	BodyTooLarge         Text = "The request body is larger than {0} MB"
	NotJSON              Text = "Content-Type must be application/json"
	BadEncoding          Text = "Content-Encoding must be gzip or absent, and the body must be what it says"
	BodyCut              Text = "The request body ended too early"
	NotHTTP              Text = "The request is no valid HTTP/1.1"
	HeaderTooLarge       Text = "The headers of the request are too large"
	BodySlow             Text = "The request body came too slowly. Send at least {0} kB in every {1} seconds"
	RequestIDReused      Text = "This requestId was already used with other content"
	RequestIDDiffers     Text = "Idempotency-Key and integration.requestId must be equal when both are given"
	ChangedElsewhere     Text = "The ticket was changed since it was read. Read it again and repeat the change"
	RateLimited          Text = "Too many requests. Try again in {0} seconds"
	TooManyStreams       Text = "{0} streams of events are open with this key already. Close one or try again in {1} seconds"
	TryLater             Text = "The service cannot answer at this moment. Try again in {0} seconds"
	InternalError        Text = "Internal server error"
)

// Rules that a field can break.
const (
	Required            Text = "{field} is required"
	RequiredFor         Text = "{field} is required for {0}" // {0} is a medium
	MustBePositive      Text = "{field} must be positive"
	ExceedsMaximum      Text = "{field} exceeds maximum limit"
	MustBeNumber        Text = "{field} must be a number"
	MustBeText          Text = "{field} must be a text"
	MustBeObject        Text = "{field} must be an object"
	MustBeArray         Text = "{field} must be an array"
	MustBeBoolean       Text = "{field} must be true or false"
	MustBeDecimals      Text = "{field} must have at most {0} decimals"
	MustBeISODate       Text = "{field} must be an ISO 8601 date or date-time"
	MustBeWhole         Text = "{field} must be a whole number from {0} to {1}"
	MustBeOneOf         Text = "Invalid {field}. Must be one of: {0}"
	TooLong             Text = "{field} must be at most {0} characters"
	TooShort            Text = "{field} must have at least {0} characters"
	MustBeUnique        Text = "{field} must be unique"
	TooManyKeys         Text = "{field} must have at most {0} keys"
	TooManyItems        Text = "{field} must have at most {0} items"
	TooManyBytes        Text = "{field} must be at most {0}"
	MustBeEmail         Text = "{field} must be a valid email address"
	MustBePhone         Text = "{field} must be a valid phone number"
	MustBeURL           Text = "{field} must be a valid http or https URL without user information"
	MustHaveNoSpaces    Text = "{field} must not contain spaces or control characters"
	MustHavePort        Text = "{field} must have a port from 1 to 65535, or none"
	MustHaveNoFragment  Text = "{field} must not have a fragment (#…), which no request carries"
	MustBeBase64        Text = "{field} must be valid base64"
	MustNotBeEmpty      Text = "{field} must not be empty"
	TypeRefused         Text = "{field} of type {0} is not accepted"
	TypeDiffers         Text = "{field} is {0}, but the content is {1}"
	MustNotBeCard       Text = "{field} must not be a card number"
	StatusNotAllowed    Text = "Status cannot change from {0} to {1}. Allowed: {2}"
	StatusNotAllowedEnd Text = "Status cannot change from {0} to {1}. {0} is final"
	CursorInvalid       Text = "{field} must be a cursor that this API gave out"
	BeyondFeed          Text = "{field} is beyond the end of the feed, which is at {0}"
	AgentUnknown        Text = "{field} does not name an active agent"
	GroupUnknown        Text = "{field} does not name a support group"
	NotAllowedForKey    Text = "{field} is not allowed for this API key"
	DiffersFromFirst    Text = "{field} differs from the first request with this id"
	PermissionUnknown   Text = "Unknown permission {0}. Known: {1}"
	OneIdentifier       Text = "One of email, phone, identifier and nomorRekening is required"
	OneWayAgain         Text = "Either undelivered, or both from and until, is required"
	NotForTicketTarget  Text = "{field} comes from the tickets that name this webhook and cannot be changed here"
	ForwardFieldUnknown Text = "{field} is no field that Sociomile is told. Known: {0}"
	ParameterUnknown    Text = "Unknown parameter {field}. Known: {0}"
	ParameterNone       Text = "Unknown parameter {field}. There are none here"
	ParameterRepeated   Text = "Parameter {field} is given more than once"
	QueryInvalid        Text = "The query cannot be read: write % as %25, & as %26 and ; as %3B"
	PathRefused         Text = "{field} must be a path of this API that a batch may use"
)

// Why a body is no JSON: with one of these the first argument of InvalidJSON begins.
const (
	JSONMark       Text = "byte order mark"
	JSONEmpty      Text = "the body is empty"
	JSONMore       Text = "more data after the end"
	JSONValues     Text = "more than 50000 values"
	JSONLevels     Text = "more than 64 levels"
	JSONProto      Text = `key "__proto__" is not allowed`
	JSONDuplicate  Text = "duplicate key"
	JSONUnexpected Text = "unexpected character"
	JSONEnd        Text = "unexpected end of the body"
	JSONComment    Text = "comments are not allowed"
	JSONNUL        Text = "NUL character"
	JSONUTF8       Text = "invalid UTF-8"
	JSONControl    Text = "control character in a string"
	JSONEscape     Text = "invalid escape"
	JSONSurrogate  Text = "lone surrogate"
)

// Warnings: told beside a success, never a refusal.
const (
	UnknownField       Text = "Unknown field, ignored"
	CardMasked         Text = "A full card number was masked before it was stored"
	SizeDiffers        Text = "The declared size is {0} bytes, the content has {1}; the content counts"
	BranchUnknown      Text = "Unknown branch code, kept as given"
	RecommendedMissing Text = "{field} is recommended for {0}"
	PartnerIDDiffers   Text = "The partner of this API key is {0}"
	AddressNotCalled   Text = "This address is not of the internet and is not called: no event arrives there, unless the bank allows its network"
	APIVersionUnknown  Text = "Unknown API version, answered as 1.0"
)

// How the desk does, for everybody (the spec, section 8).
const (
	AllWorking    Text = "Everything works"
	SomeDisturbed Text = "Part of the service is disturbed"
	AllDown       Text = "The service does not work at this moment"
	APIPart       Text = "API of the bank"
	WebhookPart   Text = "Webhooks"
	OmniPart      Text = "Connector"
	PartWorking   Text = "{0}: working"
	PartDelayed   Text = "{0}: delayed since {1}"
	PartDown      Text = "{0}: down since {1}"
)

// indonesian holds the Indonesian wording of every Text above.
var indonesian = map[Text]string{
	UnauthorizedText:     "Kunci API tidak ada atau tidak valid.",
	CannotCreate:         "Kunci API tidak memiliki izin untuk tindakan ini.",
	CannotRead:           "Kunci API tidak memiliki izin untuk tindakan ini.",
	CannotUpdate:         "Kunci API tidak memiliki izin untuk tindakan ini.",
	ValidationFailed:     "Validasi gagal.",
	EitherReference:      "Isi salah satu: ticketNumber atau channelReferenceId.",
	TicketNotFound:       "Tiket tidak ditemukan.",
	AttachmentNotFound:   "Lampiran tidak ditemukan.",
	TargetNotFound:       "Webhook tidak ditemukan.",
	DeliveryNotFound:     "Pengiriman tidak ditemukan.",
	TooManyTargets:       "Sudah ada {0} webhook. Hapus yang tidak diperlukan.",
	DeliveryUnderWay:     "Pengiriman sedang berjalan. Lihat kembali dalam satu menit.",
	DeliveryNotNext:      "Peristiwa berikutnya dari tiket ini adalah {0}. Lewatkan yang itu dahulu.",
	DeliveryDone:         "Peristiwa sudah terkirim.",
	DeliverySkipped:      "Peristiwa sudah dilewatkan.",
	DeliveryGivenUp:      "Peristiwa tidak dicoba lagi dan tidak menahan apa pun.",
	TicketTargetStays:    "Webhook ini berasal dari tiket yang menyebutnya. Nonaktifkan saja.",
	TargetKeepsSecret:    "Rahasia webhook ini adalah rahasia kunci API.",
	NotForwarded:         "Tiket ini tidak diteruskan ke Sociomile.",
	ForwardUnderWay:      "Tiket sedang dikirim ke Sociomile. Lihat kembali dalam satu menit.",
	ForwardSent:          "Sociomile sudah memiliki tiket ini.",
	ForwardSentAs:        "Sociomile sudah memiliki tiket ini, sebagai {0}.",
	TargetChanged:        "Webhook telah berubah sejak dibaca. Baca kembali lalu ulangi perubahan.",
	RequestNotFound:      "Permintaan tidak ditemukan.",
	KeyNotFound:          "Tidak ada kunci API seperti itu yang masih berlaku.",
	AgentExists:          "Petugas dengan surel ini sudah ada.",
	PathNotFound:         "Tidak ditemukan. API dijelaskan di /docs",
	MethodNotAllowed:     "Metode {0} tidak diizinkan di sini. Yang diizinkan: {1}",
	TicketFinalized:      "Tiket yang sudah selesai atau ditutup tidak dapat diubah.",
	SystemUserNotFound:   "Pengguna sistem tidak ditemukan.",
	ClaimServiceNotFound: "Layanan klaim tidak ditemukan.",
	ServiceNotFound:      "Layanan {0} tidak ditemukan.",
	InvalidJSON:          "JSON tidak valid: {0} pada baris {1}, kolom {2}",
	BodyTooLarge:         "Isi permintaan lebih besar dari {0} MB.",
	NotJSON:              "Content-Type harus application/json.",
	BadEncoding:          "Content-Encoding harus gzip atau kosong, dan isinya harus sesuai.",
	BodyCut:              "Isi permintaan terputus.",
	NotHTTP:              "Permintaan bukan HTTP/1.1 yang valid.",
	HeaderTooLarge:       "Kepala permintaan terlalu besar.",
	BodySlow:             "Isi permintaan terlalu lambat. Kirim paling sedikit {0} kB setiap {1} detik.",
	RequestIDReused:      "Permintaan dengan requestId ini sudah diproses dengan isi lain.",
	RequestIDDiffers:     "Idempotency-Key dan integration.requestId harus sama bila keduanya diisi.",
	ChangedElsewhere:     "Tiket telah berubah sejak dibaca. Baca kembali lalu ulangi perubahan.",
	RateLimited:          "Terlalu banyak permintaan, coba lagi dalam {0} detik.",
	TooManyStreams:       "Sudah ada {0} aliran peristiwa yang terbuka dengan kunci ini. Tutup salah satu atau coba lagi dalam {1} detik.",
	TryLater:             "Layanan belum dapat menjawab, coba lagi dalam {0} detik.",
	InternalError:        "Terjadi kesalahan pada sistem.",

	Required:            "{field} wajib diisi.",
	RequiredFor:         "{field} wajib diisi bila Media transaksi adalah {0}.",
	MustBePositive:      "{field} harus lebih besar dari 0.",
	ExceedsMaximum:      "{field} maksimal Rp1.000.000.000.",
	MustBeNumber:        "{field} harus berupa angka.",
	MustBeText:          "{field} harus berupa teks.",
	MustBeObject:        "{field} harus berupa objek.",
	MustBeArray:         "{field} harus berupa daftar.",
	MustBeBoolean:       "{field} harus true atau false.",
	MustBeDecimals:      "{field} maksimal {0} angka di belakang koma.",
	MustBeISODate:       "{field} bukan tanggal yang valid (format ISO 8601).",
	MustBeWhole:         "{field} harus berupa bilangan bulat dari {0} sampai {1}.",
	MustBeOneOf:         "{field} yang dipilih tidak valid. Pilihan: {0}.",
	TooLong:             "{field} maksimal {0} karakter.",
	TooShort:            "{field} minimal {0} karakter.",
	MustBeUnique:        "{field} harus unik.",
	TooManyKeys:         "{field} maksimal {0} kunci.",
	TooManyItems:        "{field} maksimal {0} butir.",
	TooManyBytes:        "{field} maksimal berukuran {0}.",
	MustBeEmail:         "{field} harus berupa alamat surel yang valid.",
	MustBePhone:         "{field} harus berupa nomor telepon yang valid.",
	MustBeURL:           "Format {field} tidak valid (http atau https, tanpa nama pengguna).",
	MustHaveNoSpaces:    "{field} tidak boleh memuat spasi atau karakter kontrol.",
	MustHavePort:        "Port pada {field} harus dari 1 sampai 65535, atau tanpa port.",
	MustHaveNoFragment:  "{field} tidak boleh memuat fragmen (#…), yang tidak dibawa permintaan mana pun.",
	MustBeBase64:        "{field} bukan Base64 yang valid.",
	MustNotBeEmpty:      "{field} tidak boleh kosong.",
	TypeRefused:         "Jenis berkas tidak didukung: {0}.",
	TypeDiffers:         "{field} adalah {0}, tetapi isinya {1}.",
	MustNotBeCard:       "{field} tidak boleh berupa nomor kartu.",
	StatusNotAllowed:    "Status tidak dapat diubah dari {0} ke {1}. Pilihan: {2}.",
	StatusNotAllowedEnd: "Status tidak dapat diubah dari {0} ke {1}. {0} adalah status akhir.",
	CursorInvalid:       "{field} harus kursor yang diberikan API ini.",
	BeyondFeed:          "{field} melewati akhir umpan, yaitu {0}.",
	AgentUnknown:        "{field} bukan petugas yang aktif.",
	GroupUnknown:        "{field} bukan unit kerja yang dikenal.",
	NotAllowedForKey:    "{field} tidak diizinkan untuk kunci API ini.",
	DiffersFromFirst:    "{field} berbeda dari permintaan pertama dengan id ini.",
	PermissionUnknown:   "Izin {0} tidak dikenal. Pilihan: {1}.",
	OneIdentifier:       "Isi salah satu: email, phone, identifier, nomorRekening.",
	OneWayAgain:         "Isi salah satu: undelivered, atau from dan until.",
	NotForTicketTarget:  "{field} berasal dari tiket yang menyebut webhook ini dan tidak dapat diubah di sini.",
	ForwardFieldUnknown: "{field} bukan kolom yang dikirim ke Sociomile. Pilihan: {0}.",
	ParameterUnknown:    "Parameter {field} tidak dikenal. Pilihan: {0}",
	ParameterNone:       "Parameter {field} tidak dikenal. Di sini tidak ada parameter.",
	ParameterRepeated:   "Parameter {field} diberikan lebih dari satu kali.",
	QueryInvalid:        "Query tidak dapat dibaca: tulis % sebagai %25, & sebagai %26 dan ; sebagai %3B.",
	PathRefused:         "{field} harus jalur API ini yang boleh dipakai dalam batch.",

	UnknownField:       "Kolom tidak dikenal, diabaikan.",
	CardMasked:         "Nomor kartu lengkap disamarkan sebelum disimpan.",
	SizeDiffers:        "Ukuran yang dinyatakan {0} byte, isinya {1}; isinya yang berlaku.",
	BranchUnknown:      "Kode cabang tidak dikenal, disimpan apa adanya.",
	RecommendedMissing: "{field} dianjurkan untuk {0}.",
	PartnerIDDiffers:   "Mitra dari kunci API ini adalah {0}.",
	AddressNotCalled:   "Alamat ini bukan alamat internet dan tidak dihubungi: peristiwa tidak akan sampai, kecuali bank mengizinkan jaringannya.",
	APIVersionUnknown:  "Versi API tidak dikenal, dijawab sebagai 1.0.",

	SociomileSent:      "Sociomile sudah menerimanya. Tidak ada yang perlu dilakukan.",
	SociomileNoRoute:   "Sociomile menjawab, tetapi aplikasinya tidak memiliki jalur ini. Minta penyedia mendaftarkan rutenya. Antrean terkirim sendiri bila rute sudah ada.",
	SociomileSecret:    "Sociomile menolak client secret. Periksa OMNI_API_TOKEN dan OMNI_AUTH, lalu tanyakan kepada penyedia apakah secret itu aktif.",
	SociomileField:     "Sociomile tidak menerima salah satu kolom tiket ini. Petugas harus memperbaiki tiket atau peta kolom, lalu mengirim ulang.",
	SociomileRefused:   "Sociomile menolak tiket ini. Petugas harus membaca jawabannya, dan bertanya kepada penyedia bila tidak jelas.",
	SociomileLimit:     "Sociomile meminta panggilan dikurangi. Dicoba lagi dengan sendirinya setelah jeda. Bila sering terjadi, minta batas yang lebih tinggi kepada penyedia.",
	SociomileFault:     "Aplikasi Sociomile gagal. Dicoba lagi dengan sendirinya. Bila berlanjut, sampaikan waktu dan trace id kepada penyedia.",
	SociomileProxy:     "Proksi menjawab, bukan aplikasi Sociomile. Dicoba lagi dengan sendirinya. Bila berlanjut, periksa OMNI_API_URL, lalu tanyakan kepada penyedia.",
	SociomileNetwork:   "Sociomile tidak dapat dihubungi dan tidak ada yang terkirim. Dicoba lagi dengan sendirinya. Bila berlanjut, hubungi tim jaringan bank tentang DNS, firewall, dan sertifikat.",
	SociomileUnknown:   "Panggilan terkirim, tetapi jawaban utuh tidak datang: tiket mungkin ada dua. Dicoba lagi dengan sendirinya. Bila sering terjadi, hubungi penyedia dan tim jaringan bank.",
	SociomileBadBody:   "Sociomile melaporkan berhasil tanpa jawaban yang dapat dipakai. Dicoba lima kali seluruhnya. Setelah itu petugas harus bertanya kepada penyedia apakah tiket sudah ada.",
	SociomileExists:    "Sociomile sudah memiliki tiket ini. Tidak ada yang perlu dilakukan.",
	LeftOutAsNumber:    "{field} tidak dikirim ke Sociomile: sebagai angka akan kehilangan digit.",
	LeftOutUnreadable:  "{field} pada tiket tidak dikirim ke Sociomile: jenisnya tidak diterima Sociomile.",
	SociomileSilent:    "Tidak ada yang sampai ke Sociomile sejak {0}. Menunggu: {1}. Perlu petugas: {2}.",
	SociomileBack:      "Sociomile menerima tiket lagi, atau tidak ada lagi yang menunggu. Sejak {0} tidak ada yang diterima. Menunggu: {1}. Perlu petugas: {2}.",
	SociomilePaused:    "Konektor sedang dijeda. Petugas harus menjalankannya kembali.",
	SociomileUnread:    "Meja layanan sendiri gagal sebelum memanggil. Dicoba lagi dengan sendirinya. Sebabnya ada di log.",
	SociomileUnchanged: "Sociomile sudah memiliki status ini. Tidak ada yang perlu dilakukan.",
	SociomileSkipped:   "Petugas sudah membuat tiket ini di Sociomile. Tidak ada yang perlu dilakukan.",
	SociomileParked:    "Petugas mengeluarkan tiket ini dari antrean. Tiket terkirim bila petugas memintanya.",

	AllWorking:    "Semua berfungsi.",
	SomeDisturbed: "Sebagian layanan terganggu.",
	AllDown:       "Layanan sedang tidak berfungsi.",
	APIPart:       "API bank",
	WebhookPart:   "Webhook",
	OmniPart:      "Konektor",
	PartWorking:   "{0}: berfungsi.",
	PartDelayed:   "{0}: tertunda sejak {1}.",
	PartDown:      "{0}: tidak berfungsi sejak {1}.",

	JSONMark:       "tanda urutan byte",
	JSONEmpty:      "isi kosong",
	JSONMore:       "ada data setelah akhir",
	JSONValues:     "lebih dari 50000 nilai",
	JSONLevels:     "lebih dari 64 tingkat",
	JSONProto:      `kunci "__proto__" tidak diizinkan`,
	JSONDuplicate:  "kunci ganda",
	JSONUnexpected: "karakter yang tidak terduga",
	JSONEnd:        "isi berakhir terlalu dini",
	JSONComment:    "komentar tidak diizinkan",
	JSONNUL:        "karakter NUL",
	JSONUTF8:       "UTF-8 tidak valid",
	JSONControl:    "karakter kontrol di dalam teks",
	JSONEscape:     "urutan escape tidak valid",
	JSONSurrogate:  "surrogate tanpa pasangan",
}

// labels are the names of fields in English and Indonesian; a field that is not here is named by its path.
var labels = map[string][2]string{
	"namaNasabah":                {"Nama nasabah", "Nama nasabah"},
	"mediaTransaksi":             {"Media transaksi", "Media transaksi"},
	"jenisTransaksi":             {"Jenis transaksi", "Jenis transaksi"},
	"nominal":                    {"Nominal", "Nominal"},
	"nomorRekening":              {"Nomor rekening", "Nomor rekening"},
	"nomorKartu":                 {"Nomor kartu", "Nomor kartu"},
	"claimReason":                {"Claim reason", "Alasan klaim"},
	"claimDate":                  {"Claim date", "Tanggal klaim"},
	"transactionId":              {"Transaction ID", "ID transaksi"},
	"referenceNumber":            {"Reference number", "Nomor referensi"},
	"atmId":                      {"ATM ID", "ID ATM"},
	"description":                {"Description", "Deskripsi"},
	"channel":                    {"Channel", "Kanal"},
	"channelReferenceId":         {"Channel reference ID", "Referensi kanal"},
	"serviceType":                {"Service type", "Jenis layanan"},
	"customer":                   {"Customer", "Nasabah"},
	"customer.name":              {"Customer name", "Nama nasabah"},
	"customer.email":             {"Customer email", "Surel nasabah"},
	"customer.phone":             {"Customer phone", "Telepon nasabah"},
	"customer.identifier":        {"Customer identifier", "Identitas nasabah"},
	"customer.branchCode":        {"Branch code", "Kode cabang"},
	"customer.department":        {"Department", "Bagian"},
	"customer.preferredLanguage": {"Preferred language", "Bahasa"},
	"ticket":                     {"Ticket", "Tiket"},
	"ticket.title":               {"Title", "Judul"},
	"ticket.description":         {"Description", "Deskripsi"},
	"ticket.priority":            {"Priority", "Prioritas"},
	"ticket.category":            {"Category", "Kategori"},
	"ticket.metadata":            {"Metadata", "Metadata"},
	"integration":                {"Integration", "Integrasi"},
	"integration.webhookUrl":     {"Webhook URL", "URL webhook"},
	"integration.apiVersion":     {"API version", "Versi API"},
	"integration.partnerId":      {"Partner ID", "ID mitra"},
	"integration.requestId":      {"Request ID", "ID permintaan"},
	"Idempotency-Key":            {"Idempotency-Key", "Idempotency-Key"},
	"attachments":                {"Attachments", "Lampiran"},
	"action":                     {"Action", "Tindakan"},
	"comment":                    {"Comment", "Komentar"},
	"author":                     {"Author", "Penulis"},
	"status":                     {"Status", "Status"},
	"reason":                     {"Reason", "Alasan"},
	"priority":                   {"Priority", "Prioritas"},
	"assignee":                   {"Assignee", "Penanggung jawab"},
	"supportGroup":               {"Support group", "Unit kerja"},
	"internal":                   {"Internal", "Internal"},
	"filename":                   {"File name", "Nama berkas"},
	"mimeType":                   {"MIME type", "Jenis berkas"},
	"size":                       {"Size", "Ukuran"},
	"content":                    {"Content", "Isi lampiran"},
	"ticketNumber":               {"Ticket number", "Nomor tiket"},
	"body":                       {"Body", "Isi permintaan"},
	"operation":                  {"Operation", "Operasi"},
	"operations":                 {"Operations", "Operasi"},
	"cursor":                     {"Cursor", "Kursor"},
	"after":                      {"After", "After"},
	"limit":                      {"Limit", "Limit"},
	"wait":                       {"Wait", "Wait"},
	"url":                        {"URL", "URL"},
	"events":                     {"Events", "Peristiwa"},
	"echo":                       {"Echo", "Gema"},
	"active":                     {"Active", "Aktif"},
	"overlapHours":               {"Overlap hours", "Jam tumpang tindih"},
	"from":                       {"From", "Dari"},
	"until":                      {"Until", "Sampai"},
	"state":                      {"State", "Keadaan"},
	"ticketId":                   {"Ticket ID", "ID tiket"},
	"fields":                     {"Fields", "Kolom"},
	"class":                      {"Class", "Golongan"},
	"route":                      {"Route", "Rute"},
	"undelivered":                {"Undelivered", "Belum terkirim"},
	"updatedSince":               {"Updated since", "Diubah sejak"},
	"name":                       {"Name", "Nama"},
	"email":                      {"Email", "Surel"},
	"phone":                      {"Phone", "Telepon"},
	"identifier":                 {"Identifier", "Identitas"},
	"role":                       {"Role", "Peran"},
	"password":                   {"Password", "Kata sandi"},
}

// Label returns the name of the field at path: a listed label, or for an item of a list (`attachments.0.size`)
// the label of its last part, or the path itself. Alternatives (`customer.email|customer.phone`) are named all.
func Label(path string, l Language) string { return label(path, l, false) }

// label is Label, inside a sentence or at its beginning.
func label(path string, l Language, inside bool) string {
	or := " or "
	if l == Indonesian {
		or = " atau "
	}
	var names []string
	for part := range strings.SplitSeq(path, "|") {
		name, listed := labelOf(part, l)
		if listed && (inside || len(names) > 0) {
			name = lowerFirst(name)
		}
		names = append(names, name)
	}
	return strings.Join(names, or)
}

// labelOf returns the listed name of one field, or else its path.
func labelOf(path string, l Language) (name string, listed bool) {
	pair, listed := labels[path]
	if i := strings.LastIndexByte(path, '.'); !listed && strings.HasPrefix(path, "attachments.") {
		pair, listed = labels[path[i+1:]]
	}
	switch {
	case !listed:
		return path, false
	case l == Indonesian:
		return pair[1], true
	}
	return pair[0], true
}

// In words the text in a language, about the field at path, with its arguments. Nothing inside a path or an argument is
// taken for a place to fill in.
func (t Text) In(l Language, path string, args ...string) string {
	wording := string(t)
	if l == Indonesian && indonesian[t] != "" {
		wording = indonesian[t]
	}
	places := make([]string, 0, 2+2*len(args))
	places = append(places, "{field}", label(path, l, !strings.HasPrefix(wording, "{field}")))
	if t == InvalidJSON && len(args) > 0 {
		args = append([]string{reasonIn(l, args[0])}, args[1:]...)
	}
	for i, a := range args {
		place := "{" + strconv.Itoa(i) + "}"
		if a == "1" {
			places = append(places, place+" seconds", "1 second", place+" characters", "1 character", place+" decimals", "1 decimal")
		}
		places = append(places, place, a)
	}
	return strings.NewReplacer(places...).Replace(wording)
}

// reasonIn words the reason that a sentence about JSON begins with; what follows it is the caller's own.
func reasonIn(l Language, s string) string {
	for _, reason := range []Text{JSONMark, JSONEmpty, JSONMore, JSONValues, JSONLevels, JSONProto, JSONDuplicate, JSONUnexpected,
		JSONEnd, JSONComment, JSONNUL, JSONUTF8, JSONControl, JSONEscape, JSONSurrogate} {
		if rest, ok := strings.CutPrefix(s, string(reason)); ok {
			return reason.In(l, "") + rest
		}
	}
	return s
}

// lowerFirst turns a label into one that stands inside a sentence, unless it begins with an abbreviation.
func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}
