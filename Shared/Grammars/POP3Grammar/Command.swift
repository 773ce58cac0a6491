// SPDX-License-Identifier: Apache-2.0

/// A command of POP3 (RFC 1939, CAPA of RFC 2449, STLS of RFC 2595, AUTH of RFC 5034). Message numbers are 1 and more.
package enum Command: Sendable, Equatable {
    case user([UInt8])
    case pass([UInt8])
    /// The mechanism in upper case and the base64 of the initial response; no mechanism asks for their list.
    case auth(mechanism: String?, initial: [UInt8]?)
    case capa, stls, stat, noop, rset, quit
    case list(Int?)
    case uidl(Int?)
    case retr(Int)
    case dele(Int)
    case top(Int, lines: Int)

    /// - Parameter line: without its line end.
    package init(parsing line: ArraySlice<UInt8>) throws(CommandError) {
        let space = line.firstIndex(of: 0x20) ?? line.endIndex
        let name = String(decoding: line[..<space], as: UTF8.self).uppercased()
        let rest = line[space...].dropFirst()
        let arguments = rest.split(separator: 0x20)
        func number(_ index: Int, from least: Int) throws(CommandError) -> Int {
            // Nine digits are more than any mailbox has.
            guard arguments[index].count <= 9, let value = Int(String(decoding: arguments[index], as: UTF8.self)),
                arguments[index].first != 0x2B, value >= least
            else { throw .wrongArguments }
            return value
        }
        func expect(_ count: ClosedRange<Int>) throws(CommandError) {
            guard count.contains(arguments.count) else { throw .wrongArguments }
        }
        switch name {
        case "USER":
            try expect(1...1)
            self = .user(Array(arguments[0]))
        case "PASS":
            // RFC 1939 section 7: spaces are part of the password.
            guard !rest.isEmpty else { throw .wrongArguments }
            self = .pass(Array(rest))
        case "AUTH":
            try expect(0...2)
            self = .auth(
                mechanism: arguments.first.map { String(decoding: $0, as: UTF8.self).uppercased() },
                initial: arguments.count == 2 ? Array(arguments[1]) : nil)
        case "CAPA", "STLS", "STAT", "NOOP", "RSET", "QUIT":
            try expect(0...0)
            self =
                switch name {
                case "CAPA": .capa
                case "STLS": .stls
                case "STAT": .stat
                case "NOOP": .noop
                case "RSET": .rset
                default: .quit
                }
        case "LIST", "UIDL":
            try expect(0...1)
            let message = arguments.isEmpty ? nil : try number(0, from: 1)
            self = name == "LIST" ? .list(message) : .uidl(message)
        case "RETR", "DELE":
            try expect(1...1)
            let message = try number(0, from: 1)
            self = name == "RETR" ? .retr(message) : .dele(message)
        case "TOP":
            try expect(2...2)
            self = .top(try number(0, from: 1), lines: try number(1, from: 0))
        default: throw .unknown
        }
    }
}

package enum CommandError: Error, Equatable {
    case unknown
    case wrongArguments
}
