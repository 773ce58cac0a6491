// SPDX-License-Identifier: Apache-2.0
import DNSClient

/// An SPF record, read whole before anything of it is evaluated (RFC 7208 sections 4.6 and 12).
struct SPFRecord: Sendable {
    enum Mechanism: Sendable {
        case all
        case include(SPFMacro)
        case a(SPFMacro?, four: Int, six: Int)
        case mx(SPFMacro?, four: Int, six: Int)
        case ptr(SPFMacro?)
        case ip(IPAddress, bits: Int)
        case exists(SPFMacro)
    }

    struct Directive: Sendable {
        let qualifier: SPF.Result
        let mechanism: Mechanism
    }

    private(set) var directives: [Directive] = []
    private(set) var redirect: SPFMacro?
    private(set) var explanation: SPFMacro?

    /// Whether a TXT record is an SPF record: `v=spf1`, then a space or the end (section 4.5).
    static func isRecord(_ text: [UInt8]) -> Bool {
        let version = text.prefix(6).map { $0 | 0x20 }
        return version == Array("v=spf1".utf8) && (text.count == 6 || text[6] == 0x20)
    }

    /// nil for a record with any syntax error.
    init?(_ text: [UInt8]) {
        guard Self.isRecord(text), text.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        for term in text.dropFirst(6).split(separator: 0x20) {
            guard add(String(decoding: term, as: UTF8.self)) else { return nil }
        }
    }

    private mutating func add(_ term: String) -> Bool {
        let end = term.firstIndex { "=:/".contains($0) } ?? term.endIndex
        if end < term.endIndex, term[end] == "=" {
            return addModifier(term[..<end].lowercased(), String(term[term.index(after: end)...]))
        }
        var rest = Substring(term)
        var qualifier = SPF.Result.pass
        if let first = rest.first, let known = Self.qualifiers[first] {
            qualifier = known
            rest = rest.dropFirst()
        }
        let split = rest.firstIndex { ":/".contains($0) } ?? rest.endIndex
        guard let mechanism = Self.mechanism(rest[..<split].lowercased(), rest[split...]) else { return false }
        directives.append(Directive(qualifier: qualifier, mechanism: mechanism))
        return true
    }

    private static let qualifiers: [Character: SPF.Result] = ["+": .pass, "-": .fail, "~": .softfail, "?": .neutral]

    private mutating func addModifier(_ name: String, _ value: String) -> Bool {
        // name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
        guard let first = name.first, first.isASCII, first.isLetter,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        else { return false }
        switch name {
        case "redirect":
            guard redirect == nil, let domain = SPFMacro(domain: value) else { return false }
            redirect = domain
        case "exp":
            guard explanation == nil, let domain = SPFMacro(domain: value) else { return false }
            explanation = domain
        default:
            return SPFMacro(value, allowsExplanationLetters: false) != nil
        }
        return true
    }

    /// - Parameter rest: what follows the name, with its `:` or `/`.
    private static func mechanism(_ name: String, _ rest: Substring) -> Mechanism? {
        let argument = rest.first == ":" ? String(rest.dropFirst()) : nil
        switch name {
        case "all": return rest.isEmpty ? .all : nil
        case "include": return argument.flatMap(SPFMacro.init(domain:)).map(Mechanism.include)
        case "exists": return argument.flatMap(SPFMacro.init(domain:)).map(Mechanism.exists)
        case "ptr":
            guard !rest.isEmpty else { return .ptr(nil) }
            return argument.flatMap(SPFMacro.init(domain:)).map { .ptr($0) }
        case "a", "mx":
            guard let (domain, four, six) = target(rest) else { return nil }
            return name == "a" ? .a(domain, four: four, six: six) : .mx(domain, four: four, six: six)
        case "ip4", "ip6":
            guard let argument else { return nil }
            let parts = argument.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let most = name == "ip4" ? 32 : 128
            guard parts[0].contains(":") == (name == "ip6"), let address = IPAddress(parsing: parts[0]) else {
                return nil
            }
            guard var bits = parts.count == 2 ? prefixLength(parts[1], most) : most else { return nil }
            // An IPv4-mapped network is an IPv4 one.
            if name == "ip6", address.isIPv4 { bits = max(0, bits - 96) }
            return .ip(address, bits: bits)
        default: return nil
        }
    }

    /// `[ ":" domain-spec ] [ dual-cidr-length ]`; a slash may be part of the domain-spec, so lengths are taken from
    /// the end.
    private static func target(_ rest: Substring) -> (SPFMacro?, Int, Int)? {
        var text = rest
        var (four, six) = (32, 128)
        func takeLength(_ slashes: String, _ most: Int) -> Int?? {
            let digits = text.reversed().prefix { $0.isASCII && $0.isNumber }.count
            let head = text.dropLast(digits)
            guard head.hasSuffix(slashes), digits > 0 else { return .some(nil) }
            guard let length = prefixLength(text.suffix(digits), most) else { return nil }
            text = head.dropLast(slashes.count)
            return length
        }
        guard let last = takeLength("//", 128) else { return nil }
        if let last { six = last }
        guard let first = takeLength("/", 32) else { return nil }
        if let first { four = first }
        if text.isEmpty { return (nil, four, six) }
        guard text.first == ":", let domain = SPFMacro(domain: String(text.dropFirst())) else { return nil }
        return (domain, four, six)
    }

    /// No leading zeros (section 12: ip4-cidr-length, ip6-cidr-length).
    private static func prefixLength(_ digits: Substring, _ most: Int) -> Int? {
        guard (1...3).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            digits == "0" || digits.first != "0", let length = Int(digits), length <= most
        else { return nil }
        return length
    }
}
