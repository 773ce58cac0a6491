// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DNSClient
import DomainRecords
import Foundation
import ServiceKit

struct DNSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns", abstract: "Prints the DNS records that a domain should have, or checks them.",
        discussion: """
            Without --check it prints lines for a zone file; with it each record beside what the DNS says now; leaves with 1
            when one that is needed is not right. A TLSA record is listed where a certificate is named and DNSSEC proves
            the host's addresses.

            EXAMPLE
              mailkeep dns example.org --address 192.0.2.1 --address 2001:db8::1 > example.org.zone
              mailkeep dns example.org --check
            """)

    @OptionGroup var store: StoreOptions
    @Argument var domain: String

    @Option(help: ArgumentHelp("Name of this mail server; otherwise MAILKEEP_HOSTNAME.", valueName: "name"))
    var hostname: String?

    @Option(
        help: ArgumentHelp(
            """
            Where the world reaches it; may be repeated. Otherwise MAILKEEP_ADDRESSES (with commas), otherwise what the \
            DNS says of the host name.
            """, valueName: "ip"))
    var address: [String] = []

    @Option(
        help: ArgumentHelp(
            "PEM file of its certificate, for TLSA; otherwise MAILKEEP_TLS_CERTIFICATE.", valueName: "file"))
    var certificate: String?

    @Flag(help: "Compare with what the DNS says.") var check = false
    @Flag(help: "Ask no DNS; needs an address, and gives no TLSA record.") var offline = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if check, offline { throw ValidationError("--check asks the DNS and --offline does not.") }
    }

    private struct Line: Encodable {
        let name, type, value, purpose, need: String
        var state: String?
        var found: [String]?
        var reason: String?
    }

    func run() async throws {
        let resolver = offline ? nil : try resolver()
        defer { resolver?.stop() }
        let setup = try await setup(resolver)
        guard check, let resolver else {
            let withTLSA = setup.certificateKey == nil ? false : await resolver?.isSecure(setup) ?? false
            let records = setup.records(withTLSA: withTLSA)
            if json { return try JSONOption.print(records.map(line)) }
            print(DNSRecord.zoneFile(records), terminator: "")
            return
        }
        let checked = await setup.check(resolver)
        if json { try JSONOption.print(checked.map(line)) } else { show(checked) }
        if checked.contains(where: { $0.record.need == .needed && $0.state != .right }) { throw ExitCode.failure }
    }

    private func resolver() throws -> UnboundResolver {
        try UnboundResolver(
            UnboundConfiguration(
                forward: environment("MAILKEEP_DNS_FORWARD"),
                anchorFile: environment("MAILKEEP_DNS_ANCHOR_FILE") ?? "/usr/share/dns/root.key"))
    }

    private func setup(_ resolver: UnboundResolver?) async throws -> DomainSetup {
        guard let host = hostname ?? environment("MAILKEEP_HOSTNAME") else {
            throw Failure("say what this mail server is called: set MAILKEEP_HOSTNAME or give --hostname")
        }
        let signing = try await store.directory().signingRecords(domain: domain)
        let certificate = certificate ?? environment("MAILKEEP_TLS_CERTIFICATE")
        return DomainSetup(
            domain: signing.first?.domain ?? domain.lowercased(), host: host.lowercased(),
            addresses: try await addresses(of: host, resolver), signing: signing,
            certificateKey: try certificate.map(TLSCertificates.publicKey(ofFile:)))
    }

    private func addresses(of host: String, _ resolver: UnboundResolver?) async throws -> [DNSClient.IPAddress] {
        let given =
            address.isEmpty
            ? (environment("MAILKEEP_ADDRESSES") ?? "").split(separator: ",").map(String.init) : address
        let read = try given.map { text in
            guard let address = DNSClient.IPAddress(parsing: text.trimmingCharacters(in: .whitespaces)) else {
                throw Failure("\(text) is not an IP address")
            }
            return address
        }
        if !read.isEmpty { return read }
        guard let resolver else { throw Failure("without the DNS, say where \(host) is: --address IP") }
        switch await resolver.addresses(host) {
        case .found(let records, _): return records
        case .noData, .nxDomain: throw Failure("the DNS has no address of \(host) yet; say where it is: --address IP")
        case .temporaryFailure(let why), .bogus(let why):
            throw Failure("the DNS does not say where \(host) is (\(why)); give --address IP")
        }
    }

    private func line(_ record: DNSRecord) -> Line {
        Line(
            name: record.name, type: record.type, value: record.text, purpose: record.purpose.rawValue,
            need: record.need.rawValue)
    }

    private func line(_ checked: CheckedRecord) -> Line {
        var line = line(checked.record)
        line.state = checked.state.word
        if case .different(let found) = checked.state { line.found = found }
        if case .unknown(let why) = checked.state { line.reason = why }
        return line
    }

    private func show(_ checked: [CheckedRecord]) {
        Table(
            head: ["STATE", "NEED", "NAME", "TYPE", "VALUE"],
            rows: checked.map { one in
                let record = one.record
                return [one.state.word, record.need.rawValue, record.name, record.type, record.text]
            }
        ).print()
        for one in checked {
            switch one.state {
            case .right, .missing: continue
            case .different(let found):
                print("\n\(one.record.name) \(one.record.type), \(one.record.purpose.words); the DNS says:")
                for text in found { print("  \(text)") }
            case .unknown(let why): print("\n\(one.record.name) \(one.record.type): the DNS did not answer: \(why)")
            }
        }
    }
}

extension UnboundResolver {
    fileprivate func isSecure(_ setup: DomainSetup) async -> Bool { await setup.isHostSecure(self) }
}
