// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import DNSClient

/// What the records of a domain are made from.
package struct DomainSetup: Sendable {
    /// Lower case, A-labels, without the dot at the end; as `Directory` keeps it.
    package var domain: String
    /// The mail server's name, in the same form; may lie in another domain.
    package var host: String
    /// Where the world reaches the host.
    package var addresses: [IPAddress]
    package var signing: [SigningRecord]
    /// The public key of the host's certificate, as SubjectPublicKeyInfo in DER; nil: no TLSA record.
    package var certificateKey: [UInt8]?
    /// Where reports about the domain go.
    package var reports: String
    package var policyMode: MTASTSPolicy.Mode

    package init(
        domain: String, host: String, addresses: [IPAddress], signing: [SigningRecord], certificateKey: [UInt8]? = nil,
        policyMode: MTASTSPolicy.Mode = .testing
    ) {
        (self.domain, self.host, self.addresses, self.signing) = (domain, host, addresses, signing)
        (self.certificateKey, self.policyMode) = (certificateKey, policyMode)
        reports = "postmaster@\(domain)"
    }

    package var policy: MTASTSPolicy { MTASTSPolicy(host: host, mode: policyMode) }

    /// Names of the domain that lead to the host.
    package var webNames: [(name: String, purpose: DNSRecord.Purpose)] {
        [("mta-sts", .mtaSTSHost), ("autoconfig", .autoconfig), ("admin", .admin)]
            .map { ("\($0).\(domain)", $1) }.filter { $0.0 != host }
    }

    /// Every record that should be there, those of one purpose together.
    /// - Parameter withTLSA: only right where the host's zone is signed (RFC 7672 section 2.1); see `isHostSecure`.
    package func records(withTLSA: Bool) -> [DNSRecord] {
        let (four, six) = (addresses.filter(\.isIPv4), addresses.filter { !$0.isIPv4 })
        var records = (four + six).map { DNSRecord(host, .address($0), .hostAddress, .needed) }
        records += addresses.map { DNSRecord($0.reverseName, .ptr(of: $0, host), .reverseName, .needed) }
        records.append(
            DNSRecord(domain, .mx(MXRecord(preference: 10, exchange: host)), .mailServer, .needed))
        records.append(DNSRecord(domain, .txt("v=spf1 mx -all"), .spf, .needed))
        records += signing.map(DNSRecord.dkim)
        records.append(
            DNSRecord("_dmarc.\(domain)", .txt("v=DMARC1; p=quarantine; rua=mailto:\(reports)"), .dmarc, .needed))
        if withTLSA, let certificateKey {
            // The key itself, whoever signed it: what RFC 7672 section 3.1.1 recommends.
            let record = TLSARecord(
                usage: 3, selector: 1, matching: 1, data: Array(SHA256.hash(data: certificateKey)))
            records.append(DNSRecord("_25._tcp.\(host)", .tlsa(record), .tlsa, .recommended))
        }
        records.append(
            DNSRecord("_mta-sts.\(domain)", .txt("v=STSv1; id=\(policy.id)"), .mtaSTS, .recommended))
        let web = webNames.map { DNSRecord($0.name, .cname(host), $0.purpose, .recommended) }
        records += web.filter { $0.purpose == .mtaSTSHost }
        // RFC 8460 section 3
        records.append(
            DNSRecord("_smtp._tls.\(domain)", .txt("v=TLSRPTv1; rua=mailto:\(reports)"), .tlsReports, .recommended))
        records += services
        return records + web.filter { $0.purpose != .mtaSTSHost }
    }

    /// RFC 6186 section 3 and RFC 8314 section 5.1: TLS from the start is preferred. RFC 6764 sections 3 and 4.
    private var services: [DNSRecord] {
        func srv(_ service: String, _ port: UInt16, priority: UInt16 = 0, _ purpose: DNSRecord.Purpose)
            -> DNSRecord
        {
            let record = SRVRecord(priority: priority, weight: 1, port: port, target: host)
            return DNSRecord("_\(service)._tcp.\(domain)", .srv(record), purpose, .recommended)
        }
        func path(_ service: String, _ purpose: DNSRecord.Purpose) -> DNSRecord {
            DNSRecord("_\(service)._tcp.\(domain)", .txt("path=/dav/"), purpose, .recommended)
        }
        return [
            srv("submissions", 465, .submission), srv("submission", 587, priority: 10, .submission),
            srv("imaps", 993, .imap), srv("imap", 143, priority: 10, .imap),
            srv("pop3s", 995, priority: 20, .pop3), srv("pop3", 110, priority: 30, .pop3),
            srv("caldavs", 443, .calendars), path("caldavs", .calendars),
            srv("carddavs", 443, .contacts), path("carddavs", .contacts),
        ]
    }

    /// Whether DNSSEC proves what the DNS says of the host, so that senders believe a TLSA record.
    package func isHostSecure(_ resolver: any Resolver) async -> Bool { await resolver.addresses(host).isSecure }
}
