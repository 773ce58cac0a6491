// SPDX-License-Identifier: Apache-2.0
import AdminSite
import DNSClient
import DomainRecords
import ServiceKit

/// The settings of WebAdmin.
struct AdminOptions {
    static let port = Setting("admin.port", "port for the pages under TLS", fallback: "off")
    static let services = Setting(
        "admin.services",
        "services whose state is shown, as name=http://host:port with commas; every address of a host is asked",
        fallback: "none")
    static let addresses = Setting(
        "addresses", "IP addresses under which the world reaches this mail server, with commas",
        fallback: "what the DNS says")
    static let policyMode = Setting(
        "mta.sts.mode", "what other servers do when TLS fails (RFC 8461): enforce, testing or none",
        fallback: "testing")
    static let imap = Setting("client.imaps.port", "where mail programs connect for IMAP", fallback: "993")
    static let pop3 = Setting("client.pop3s.port", "the same for POP3", fallback: "995")
    static let submission = Setting("client.submissions.port", "the same for submission", fallback: "465")
    static let dav = Setting("client.dav.port", "the same for calendars and contacts", fallback: "443")

    static let all = [port, services, addresses, policyMode, imap, pop3, submission, dav]

    let port: Int
    let settings: AdminSettings

    /// `nil` without a port; every mistake is the reader's.
    init?(_ reader: inout SettingReader, _ configuration: ServiceConfiguration) {
        var settings = AdminSettings(hostname: configuration.hostname.lowercased())
        for text in (reader.text(Self.services) ?? "").split(separator: ",").map(String.init) {
            if let service = WatchedService(parsing: text) {
                settings.services.append(service)
            } else {
                reader.wrong(Self.services, "'\(text)' is not as in mail-access=http://mail-access:8080")
            }
        }
        if settings.services.count > AdminLimits.services {
            reader.wrong(Self.services, "more than \(AdminLimits.services) services")
        }
        for text in (reader.text(Self.addresses) ?? "").split(separator: ",") {
            if let address = DNSClient.IPAddress(parsing: text.trimmingPrefix { $0 == " " }) {
                settings.addresses.append(address)
            } else {
                reader.wrong(Self.addresses, "'\(text)' is no IP address")
            }
        }
        let mode = reader.text(Self.policyMode) ?? MTASTSPolicy.Mode.testing.rawValue
        if let mode = MTASTSPolicy.Mode(rawValue: mode) {
            settings.policyMode = mode
        } else {
            reader.wrong(Self.policyMode, "'\(mode)' is none of enforce, testing, none")
        }
        settings.ports.imap = reader.port(Self.imap) ?? settings.ports.imap
        settings.ports.pop3 = reader.port(Self.pop3) ?? settings.ports.pop3
        settings.ports.submission = reader.port(Self.submission) ?? settings.ports.submission
        settings.ports.dav = reader.port(Self.dav) ?? settings.ports.dav
        guard let port = reader.port(Self.port) else {
            reader.wrong(Self.port, "no port: set it")
            return nil
        }
        self.port = port
        self.settings = settings
    }
}
