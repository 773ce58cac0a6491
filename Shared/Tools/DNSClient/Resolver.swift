// SPDX-License-Identifier: Apache-2.0

/// Asks the DNS. Implementations bound the time of a query themselves and end it when the task is cancelled.
package protocol Resolver: Sendable {
    /// RDATA of the records, uncompressed. `name` is ASCII (A-labels) with or without the dot at the end.
    func query(_ name: String, _ type: RecordType) async -> DNSAnswer<[UInt8]>
}

extension Resolver {
    /// The strings of each TXT record joined without a space (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2).
    package func txt(_ name: String) async -> DNSAnswer<[UInt8]> {
        await query(name, .txt).reading(RecordData.text)
    }

    /// Sorted by preference, equal ones in the order of the answer.
    package func mx(_ name: String) async -> DNSAnswer<MXRecord> {
        let answer = await query(name, .mx).reading(RecordData.mx)
        guard case .found(let records, let secure) = answer else { return answer }
        let sorted = records.enumerated()
            .sorted { ($0.element.preference, $0.offset) < ($1.element.preference, $1.offset) }
        return .found(sorted.map(\.element), secure: secure)
    }

    package func a(_ name: String) async -> DNSAnswer<IPAddress> {
        await query(name, .a).reading { $0.count == 4 ? IPAddress(bytes: $0) : nil }
    }

    package func aaaa(_ name: String) async -> DNSAnswer<IPAddress> {
        await query(name, .aaaa).reading { $0.count == 16 ? IPAddress(bytes: $0) : nil }
    }

    /// A and AAAA together, IPv6 first. Found when either is; secure only when both answers are.
    package func addresses(_ name: String) async -> DNSAnswer<IPAddress> {
        async let six = aaaa(name)
        async let four = a(name)
        let (first, second) = (await six, await four)
        let secure = first.isSecure && second.isSecure
        if case .bogus = first { return first }
        if case .bogus = second { return second }
        let all = (first.records ?? []) + (second.records ?? [])
        if !all.isEmpty { return .found(all, secure: secure) }
        if first.records == nil { return first }
        if second.records == nil { return second }
        return first.isNXDomain || second.isNXDomain ? .nxDomain(secure: secure) : .noData(secure: secure)
    }

    /// Names of an address (RFC 1035 section 3.5, RFC 3596 section 2.5), without the dot at the end.
    package func ptr(_ address: IPAddress) async -> DNSAnswer<String> {
        await query(address.reverseName, .ptr).reading(RecordData.name)
    }

    /// At `_imaps._tcp.<domain>` and the like (RFC 2782).
    package func srv(_ name: String) async -> DNSAnswer<SRVRecord> {
        await query(name, .srv).reading(RecordData.srv)
    }

    /// At `_25._tcp.<host>` and the like.
    package func tlsa(_ name: String) async -> DNSAnswer<TLSARecord> {
        await query(name, .tlsa).reading(RecordData.tlsa)
    }
}
