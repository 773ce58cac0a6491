// SPDX-License-Identifier: Apache-2.0
import DNSClient

/// One record that the DNS should have for a domain of ours.
package struct DNSRecord: Sendable, Hashable {
    /// What the record is there for. The raw values are stable: JSON and message catalogues name them.
    package enum Purpose: String, Sendable, CaseIterable {
        case hostAddress = "host-address"
        /// Set by whoever gave the address, not in a zone of ours.
        case reverseName = "reverse-name"
        case mailServer = "mail-server"
        case spf, dkim, dmarc
        case tlsa
        case mtaSTS = "mta-sts"
        case mtaSTSHost = "mta-sts-host"
        case tlsReports = "tls-reports"
        case submission, imap, pop3
        case calendars, contacts
        case autoconfig, admin

        /// For operators, in a few words.
        package var words: String {
            switch self {
            case .hostAddress: "address of the mail server"
            case .reverseName: "name of the address; set by the provider of the server"
            case .mailServer: "where mail for the domain goes"
            case .spf: "SPF: who may send mail of the domain"
            case .dkim: "DKIM: the key that our signatures are checked with"
            case .dmarc: "DMARC: what to do with mail that fails SPF and DKIM"
            case .tlsa: "DANE: the key of the mail server's certificate"
            case .mtaSTS: "MTA-STS: mail servers shall use TLS"
            case .mtaSTSHost: "MTA-STS: where the policy is"
            case .tlsReports: "TLS-RPT: where reports of failed TLS go"
            case .submission: "mail programs find where to send"
            case .imap: "mail programs find IMAP"
            case .pop3: "mail programs find POP3"
            case .calendars: "programs find calendars"
            case .contacts: "programs find address books"
            case .autoconfig: "Thunderbird finds its settings"
            case .admin: "web administration"
            }
        }
    }

    package enum Need: String, Sendable {
        /// Without it mail does not arrive, or is refused or taken for spam elsewhere.
        case needed
        case recommended
    }

    package enum Value: Sendable, Hashable {
        case address(IPAddress)
        case mx(MXRecord)
        /// ASCII.
        case txt(String)
        case tlsa(TLSARecord)
        case srv(SRVRecord)
        case cname(String)
        case ptr(of: IPAddress, String)
    }

    /// A-labels, without the dot at the end.
    package let name: String
    package let value: Value
    package let purpose: Purpose
    package let need: Need

    init(_ name: String, _ value: Value, _ purpose: Purpose, _ need: Need) {
        (self.name, self.value, self.purpose, self.need) = (name, value, purpose, need)
    }

    /// As in a zone file: `MX`, `AAAA`.
    package var type: String {
        switch value {
        case .address(let address): address.isIPv4 ? "A" : "AAAA"
        case .mx: "MX"
        case .txt: "TXT"
        case .tlsa: "TLSA"
        case .srv: "SRV"
        case .cname: "CNAME"
        case .ptr: "PTR"
        }
    }

    /// Whether the record belongs to the domain's or the host's zone, so that an operator writes it.
    package var isInZone: Bool { purpose != .reverseName }
}
