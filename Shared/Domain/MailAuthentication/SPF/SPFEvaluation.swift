// SPDX-License-Identifier: Apache-2.0
import DNSClient

/// check_host() (RFC 7208 section 4) with the counters that all its recursions share.
struct SPFEvaluation {
    /// Ends the evaluation: temperror or permerror.
    struct Stop: Error { let result: SPF.Result }

    let client: IPAddress
    let local: String
    let senderDomain: String
    let helo: String
    let hostname: String
    let resolver: any Resolver

    private(set) var explanation: String?
    private var lookups = 0
    private var voids = 0
    private var validated: [String]?
    private let deadline = ContinuousClock.now + SPF.time

    init(
        client: IPAddress, local: String, senderDomain: String, helo: String, hostname: String, resolver: any Resolver
    ) {
        self.client = client
        self.local = local
        self.senderDomain = senderDomain
        self.helo = helo
        self.hostname = hostname
        self.resolver = resolver
    }

    mutating func check(_ domain: String) async -> SPF.Result {
        do { return try await evaluate(domain, mayExplain: true) } catch { return error.result }
    }

    private mutating func evaluate(_ domain: String, mayExplain: Bool) async throws(Stop) -> SPF.Result {
        guard let texts = await resolver.txt(domain).records else { throw Stop(result: .temperror) }
        let records = texts.filter(SPFRecord.isRecord)
        guard records.count <= 1 else { throw Stop(result: .permerror) }
        guard let text = records.first else { return .none }
        guard let record = SPFRecord(text) else { throw Stop(result: .permerror) }

        for directive in record.directives where try await matches(directive.mechanism, domain) {
            if directive.qualifier == .fail, mayExplain, let target = record.explanation {
                explanation = await explain(target, domain)
            }
            return directive.qualifier
        }
        guard let redirect = record.redirect else { return .neutral }
        try count()
        guard let target = await expand(redirect, domain) else { throw Stop(result: .permerror) }
        let result = try await evaluate(target, mayExplain: mayExplain)
        guard result != .none else { throw Stop(result: .permerror) }
        return result
    }

    // MARK: - Mechanisms (section 5)

    private mutating func matches(_ mechanism: SPFRecord.Mechanism, _ domain: String) async throws(Stop) -> Bool {
        switch mechanism {
        case .all: return true
        case .ip(let network, let bits): return client.isIn(network, bits: bits)
        case .include(let target):
            try count()
            guard let name = await expand(target, domain) else { return false }
            switch try await evaluate(name, mayExplain: false) {
            case .pass: return true
            case .none: throw Stop(result: .permerror)
            default: return false
            }
        case .a(let target, let four, let six):
            try count()
            guard let name = await expand(target, domain) else { return false }
            return holds(try records(await addresses(name)), four, six)
        case .mx(let target, let four, let six):
            try count()
            guard let name = await expand(target, domain) else { return false }
            let hosts = try records(await resolver.mx(name))
            guard hosts.count <= SPF.names else { throw Stop(result: .permerror) }
            for host in hosts where !host.isNull {
                guard let found = await addresses(host.exchange).records else { throw Stop(result: .temperror) }
                if holds(found, four, six) { return true }
            }
            return false
        case .exists(let target):
            try count()
            guard let name = await expand(target, domain) else { return false }
            return try !records(await resolver.a(name)).isEmpty
        case .ptr(let target):
            try count()
            guard let name = await expand(target, domain) else { return false }
            return await validatedNames().contains { Self.isAtOrBelow($0, name) }
        }
    }

    private func holds(_ addresses: [IPAddress], _ four: Int, _ six: Int) -> Bool {
        addresses.contains { client.isIn($0, bits: client.isIPv4 ? four : six) }
    }

    /// Of the client's family.
    private func addresses(_ name: String) async -> DNSAnswer<IPAddress> {
        client.isIPv4 ? await resolver.a(name) : await resolver.aaaa(name)
    }

    private mutating func count() throws(Stop) {
        lookups += 1
        if lookups > SPF.lookups { throw Stop(result: .permerror) }
        if ContinuousClock.now > deadline { throw Stop(result: .temperror) }
    }

    private mutating func records<Record>(_ answer: DNSAnswer<Record>) throws(Stop) -> [Record] {
        guard let records = answer.records else { throw Stop(result: .temperror) }
        if records.isEmpty {
            voids += 1
            if voids > SPF.voidLookups { throw Stop(result: .permerror) }
        }
        return records
    }

    /// Names of the client whose addresses hold it (section 5.5); errors of the DNS only make fewer of them.
    private mutating func validatedNames() async -> [String] {
        if let validated { return validated }
        let names = await resolver.ptr(client).records ?? []
        var good: [String] = []
        for name in names.prefix(SPF.names) where ContinuousClock.now < deadline {
            if await addresses(name).records?.contains(client) == true { good.append(name) }
        }
        validated = good
        return good
    }

    private static func isAtOrBelow(_ name: String, _ domain: String) -> Bool {
        let (name, domain) = (plain(name), plain(domain))
        return name == domain || name.hasSuffix("." + domain)
    }

    private static func plain(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    // MARK: - Explanation and macros (sections 6.2 and 7)

    /// Errors leave the fail without an explanation.
    private mutating func explain(_ target: SPFMacro, _ domain: String) async -> String? {
        guard let name = await expand(target, domain), let texts = await resolver.txt(name).records, texts.count == 1,
            texts[0].allSatisfy({ (0x20...0x7E).contains($0) }),
            let macro = SPFMacro(String(decoding: texts[0], as: UTF8.self), allowsExplanationLetters: true),
            let text = await expandText(macro, domain)
        else { return nil }
        return String(text.prefix(SPF.explanationBytes))
    }

    /// nil: the domain itself. The result is nil when the name cannot be ASCII (RFC 8616 section 4), which never
    /// matches.
    private mutating func expand(_ macro: SPFMacro?, _ domain: String) async -> String? {
        guard let macro else { return domain }
        guard let text = await expandText(macro, domain) else { return nil }
        var name = text.hasSuffix(".") ? text.dropLast() : text[...]
        while name.utf8.count > 253, let dot = name.firstIndex(of: ".") { name = name[name.index(after: dot)...] }
        return String(name)
    }

    private mutating func expandText(_ macro: SPFMacro, _ domain: String) async -> String? {
        var text = ""
        for part in macro.parts {
            switch part {
            case .text(let literal): text += literal
            case .macro(let letter, let escaped, let keep, let reversed, let delimiters):
                guard let value = await value(letter, domain), value.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
                text += SPFMacro.transform(
                    value, escaped: escaped, keep: keep, reversed: reversed, delimiters: delimiters)
            }
            guard text.utf8.count <= 16 << 10 else { return nil }
        }
        return text
    }

    private mutating func value(_ letter: Character, _ domain: String) async -> String? {
        switch letter {
        case "s": return local + "@" + senderDomain
        case "l": return local
        case "o": return senderDomain
        case "d": return domain
        case "i": return client.isIPv4 ? client.description : Self.nibbles(client)
        case "c": return client.description
        case "v": return client.isIPv4 ? "in-addr" : "ip6"
        case "h": return helo
        case "r": return hostname
        case "t": return String(Clock.seconds())
        case "p":
            let names = await validatedNames()
            let wanted = Self.plain(domain)
            return names.first { Self.plain($0) == wanted } ?? names.first { Self.isAtOrBelow($0, wanted) }
                ?? names.first ?? "unknown"
        default: return nil
        }
    }

    private static func nibbles(_ address: IPAddress) -> String {
        address.bytes.map {
            String($0 >> 4, radix: 16, uppercase: true) + "." + String($0 & 15, radix: 16, uppercase: true)
        }
        .joined(separator: ".")
    }
}
