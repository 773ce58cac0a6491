// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A resolver over a table in memory, for tests. A name not in the table is NXDOMAIN, one with other types only is
/// NODATA.
package final class TableResolver: Resolver {
    package enum Entry: Sendable {
        case txt(String)
        /// The strings of one TXT record, each at most 255 bytes.
        case strings([[UInt8]])
        case mx(UInt16, String)
        case address(String)
        case ptr(String)
        case cname(String)
        case tlsa(TLSARecord)
        case srv(SRVRecord)
        /// Every query for this name ends so.
        case temporaryFailure
        case bogus
        /// Queries for this type only.
        case failure(RecordType)
    }

    private struct Table {
        var entries: [String: [Entry]] = [:]
        var asked = 0
    }

    private let table = Mutex(Table())
    private let secure: Bool

    /// `ptr` entries sit under the address written as text, or under the reverse name.
    package init(_ entries: [String: [Entry]] = [:], secure: Bool = false) {
        self.secure = secure
        for (name, list) in entries { add(name, list) }
    }

    package func add(_ name: String, _ entries: [Entry]) {
        table.withLock { $0.entries[Self.key(IPAddress(parsing: name)?.reverseName ?? name), default: []] += entries }
    }

    /// Queries so far.
    package var queries: Int { table.withLock { $0.asked } }

    package func query(_ name: String, _ type: RecordType) async -> DNSAnswer<[UInt8]> {
        table.withLock { table in
            table.asked += 1
            var name = Self.key(name)
            for _ in 0..<10 {
                guard RecordData.wire(name) != nil, let entries = table.entries[name] else {
                    return .nxDomain(secure: secure)
                }
                var records: [[UInt8]] = []
                var next: String?
                for entry in entries {
                    switch entry {
                    case .temporaryFailure: return .temporaryFailure("as the table says")
                    case .bogus: return .bogus("as the table says")
                    case .failure(type): return .temporaryFailure("as the table says")
                    case .cname(let target): next = Self.key(target)
                    default: if let data = Self.data(entry, type) { records.append(data) }
                    }
                }
                if !records.isEmpty { return .found(records, secure: secure) }
                guard let target = next else { return .noData(secure: secure) }
                name = target
            }
            return .temporaryFailure("too many CNAMEs")
        }
    }

    private static func key(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    private static func data(_ entry: Entry, _ type: RecordType) -> [UInt8]? {
        switch (entry, type) {
        case (.txt(let text), .txt):
            let bytes = Array(text.utf8)
            guard !bytes.isEmpty else { return [0] }
            return stride(from: 0, to: bytes.count, by: 255)
                .flatMap { [UInt8(min(255, bytes.count - $0))] + bytes[$0..<min($0 + 255, bytes.count)] }
        case (.strings(let strings), .txt): return strings.flatMap { [UInt8(truncatingIfNeeded: $0.count)] + $0 }
        case (.mx(let preference, let host), .mx):
            return RecordData.wire(host).map { [UInt8(preference >> 8), UInt8(preference & 255)] + $0 }
        case (.address(let text), .a): return IPAddress(parsing: text).flatMap { $0.isIPv4 ? $0.bytes : nil }
        case (.address(let text), .aaaa): return IPAddress(parsing: text).flatMap { $0.isIPv4 ? nil : $0.bytes }
        case (.ptr(let host), .ptr): return RecordData.wire(host)
        case (.srv(let record), .srv):
            return RecordData.wire(record.target).map {
                [record.priority, record.weight, record.port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + $0
            }
        case (.tlsa(let record), .tlsa): return [record.usage, record.selector, record.matching] + record.data
        default: return nil
        }
    }
}
