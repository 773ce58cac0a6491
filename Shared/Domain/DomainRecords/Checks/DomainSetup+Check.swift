// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailAuthentication

extension DomainSetup {
    /// Every record beside what the DNS says now, in the order of `records`; a TLSA record only where the host's zone
    /// is signed. All are asked at once; the resolver bounds each.
    package func check(_ resolver: any Resolver) async -> [CheckedRecord] {
        let records = records(withTLSA: certificateKey == nil ? false : await isHostSecure(resolver))
        return await withTaskGroup(of: (Int, CheckedRecord).self) { group in
            for (index, record) in records.enumerated() {
                group.addTask { (index, CheckedRecord(record: record, state: await state(of: record, resolver))) }
            }
            var checked: [(Int, CheckedRecord)] = []
            for await one in group { checked.append(one) }
            return checked.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func state(of record: DNSRecord, _ resolver: any Resolver) async -> RecordState {
        switch record.value {
        case .address(let wanted): await address(wanted, record.name, resolver)
        case .cname: await sameAddresses(record.name, resolver)
        case .mx:
            // Where other servers take mail too, ours is right among them.
            compare(await resolver.mx(record.name), show: \.text) { found in found.contains { same($0.exchange, host) }
            }
        case .ptr(let address, _): compare(await resolver.ptr(address), show: { $0 }) { $0.contains { same($0, host) } }
        case .srv(let wanted):
            compare(await resolver.srv(record.name), show: \.text) { found in
                found.contains { $0.port == wanted.port && same($0.target, host) }
            }
        case .tlsa(let wanted): compare(await resolver.tlsa(record.name), show: \.text) { $0.contains(wanted) }
        case .txt(let wanted): await text(wanted, record, resolver)
        }
    }

    /// Right when the name has no other address of the same family: a client may choose any of them.
    private func address(_ wanted: IPAddress, _ name: String, _ resolver: any Resolver) async -> RecordState {
        let ours = Set(addresses.filter { $0.isIPv4 == wanted.isIPv4 })
        let answer = await (wanted.isIPv4 ? resolver.a(name) : resolver.aaaa(name))
        return compare(answer, show: \.description) { $0.contains(wanted) && ours.isSuperset(of: $0) }
    }

    /// By CNAME, A or AAAA, as the operator likes, as long as it leads to us alone.
    private func sameAddresses(_ name: String, _ resolver: any Resolver) async -> RecordState {
        compare(await resolver.addresses(name), show: \.description) { Set(addresses).isSuperset(of: $0) }
    }

    private func compare<Record>(
        _ answer: DNSAnswer<Record>, show: (Record) -> String, isRight: ([Record]) -> Bool
    ) -> RecordState {
        switch answer {
        case .found(let records, _): isRight(records) ? .right : .different(showing: records.map(show))
        case .noData, .nxDomain: .missing
        case .temporaryFailure(let why), .bogus(let why): .unknown(why)
        }
    }

    private func same(_ one: String, _ other: String) -> Bool { one.lowercased() == other.lowercased() }
}

// MARK: - TXT: by meaning, since an operator's own record may be as good

extension DomainSetup {
    private func text(_ wanted: String, _ record: DNSRecord, _ resolver: any Resolver) async -> RecordState {
        let answer = await resolver.txt(record.name)
        let texts: [[UInt8]]
        switch answer {
        case .found(let all, _): texts = all.filter { isOf(record.purpose, $0) }
        case .noData, .nxDomain: return .missing
        case .temporaryFailure(let why), .bogus(let why): return .unknown(why)
        }
        guard !texts.isEmpty else { return .missing }
        let different = RecordState.different(showing: texts.map { String(decoding: $0, as: UTF8.self) })
        // Two of them are an error of every mechanism, whatever they say.
        guard texts.count == 1 else { return different }
        let text = texts[0]
        if text == Array(wanted.utf8) { return .right }
        switch record.purpose {
        case .spf: return await spf(otherwise: different, resolver)
        case .dkim: return DKIM.publishSameKey(text, Array(wanted.utf8)) ? .right : different
        case .dmarc: return DMARC.isPolicy(text) ? .right : different
        case .mtaSTS: return tags(text) == tags(Array(wanted.utf8)) ? .right : different
        case .tlsReports:
            return tags(text).contains { $0.hasPrefix("rua=mailto:") || $0.hasPrefix("rua=https:") }
                ? .right : different
        default: return different
        }
    }

    /// Whether a TXT record is of the kind at all: others may stand under the same name.
    private func isOf(_ purpose: DNSRecord.Purpose, _ text: [UInt8]) -> Bool {
        switch purpose {
        case .spf: SPF.isRecord(text)
        case .dmarc: DMARC.isRecord(text)
        case .mtaSTS: text.starts(with: "v=STSv1".utf8)
        case .tlsReports: text.starts(with: "v=TLSRPTv1".utf8)
        default: true
        }
    }

    /// Right when the record lets every address of ours send mail of the domain.
    private func spf(otherwise different: RecordState, _ resolver: any Resolver) async -> RecordState {
        for address in addresses {
            let outcome = await SPF.check(
                client: address, helo: host, reversePath: reports, hostname: host, resolver: resolver)
            switch outcome.result {
            case .pass: continue
            case .temperror: return .unknown("the DNS did not answer while SPF was evaluated")
            default: return different
            }
        }
        return addresses.isEmpty ? different : .right
    }

    /// `a=1; b=2` without regard to white space and to a semicolon at the end.
    private func tags(_ text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split(separator: ";")
            .map { $0.filter { $0 != " " && $0 != "\t" } }.filter { !$0.isEmpty }
    }
}
