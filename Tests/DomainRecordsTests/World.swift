// SPDX-License-Identifier: Apache-2.0
import Accounts
import DNSClient
import TestSupport

@testable import DomainRecords

/// example.org with real DKIM keys on mail.example.org.
struct World {
    /// Of the networks for benchmarks (RFC 2544, RFC 5180): libunbound answers for those of documents by itself.
    static let addresses = ["198.18.0.1", "2001:2::1"].compactMap(IPAddress.init(parsing:))

    private let folder: TemporaryFolder
    let setup: DomainSetup

    init(host: String = "mail.example.org", certificateKey: [UInt8]? = nil) async throws {
        folder = try TemporaryFolder()
        let directory = try Directory.create(dataFolder: folder.path, keys: PurposeKeys(master: .random()))
        let signing = try await directory.addDomain("example.org", by: "test")
        try directory.close()
        setup = DomainSetup(
            domain: "example.org", host: host, addresses: Self.addresses, signing: signing,
            certificateKey: certificateKey)
    }

    /// A resolver that knows what is wanted, with other entries in place of those of some names.
    func resolver(
        without names: Set<String> = [], with others: [String: [TableResolver.Entry]] = [:], secure: Bool = false
    ) -> TableResolver {
        let table = TableResolver(others, secure: secure)
        for record in setup.records(withTLSA: secure) where others[record.name] == nil && !names.contains(record.name) {
            table.add(record.name, [entry(record.value)])
        }
        return table
    }

    private func entry(_ value: DNSRecord.Value) -> TableResolver.Entry {
        switch value {
        case .address(let address): .address(address.description)
        case .mx(let record): .mx(record.preference, record.exchange)
        case .txt(let text): .txt(text)
        case .tlsa(let record): .tlsa(record)
        case .srv(let record): .srv(record)
        case .cname(let name): .cname(name)
        case .ptr(_, let name): .ptr(name)
        }
    }

    /// States of the records of one purpose.
    func states(_ purpose: DNSRecord.Purpose, _ resolver: any Resolver) async -> [RecordState] {
        await setup.check(resolver).filter { $0.record.purpose == purpose }.map(\.state)
    }
}
