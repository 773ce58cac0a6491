// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One connection of a talk, whatever carries it.
protocol TalkConnection: AnyObject {
    /// Octets that came from the server so far and were not taken yet.
    func take() -> [UInt8]
    /// Returns when the server has answered all of it and waits for more, wants its handshake, or has closed.
    func send(_ octets: [UInt8]) async throws
    /// Does the handshake that the server wants; throws when it wants none.
    func startTLS() async throws
    var isClosed: Bool { get }
}

/// Runs one `.talk` file; its language is described in Tests/Conversations/imap/README.md.
struct Talk {
    private let script: TalkScript
    let isClear: Bool
    private let logsIn: Bool

    init(name: String) throws {
        script = try TalkScript(name: name, in: "imap")
        isClear = script.lines.contains("clear")
        logsIn = !script.lines.contains("login no")
    }

    /// `piece`: how many octets reach the server at once; nil: all that are there.
    func run(piece: Int?, open: () async throws -> any TalkConnection) async throws {
        var connections: [String: any TalkConnection] = [:]
        var current = "1"
        var outgoing: [UInt8] = []
        var answers: [String] = []

        func connection() async throws -> any TalkConnection {
            if let known = connections[current] { return known }
            let made = try await open()
            connections[current] = made
            if logsIn {
                _ = made.take()
                try await made.send(Array("login LOGIN anna@example.org secret-1\r\n".utf8))
                let answer = String(decoding: made.take(), as: UTF8.self)
                try #require(answer.contains("login OK"), "\(script.name): \(answer)")
            }
            return made
        }
        func exchange() async throws {
            let connection = try await connection()
            if !outgoing.isEmpty {
                let all = outgoing
                outgoing = []
                answers = []
                var rest = all[...]
                while !rest.isEmpty {
                    let count = min(piece ?? rest.count, rest.count)
                    try await connection.send(Array(rest.prefix(count)))
                    rest = rest.dropFirst(count)
                }
            }
            let text = String(decoding: connection.take(), as: UTF8.self)
            answers += text.split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
        }

        for step in script.steps {
            if let octets = step.octets {
                outgoing += octets
                continue
            }
            let (place, line, rest) = (step.place, step.line, step.rest)
            switch step.kind {
            case "S:":
                try await exchange()
                let index = answers.firstIndex { Self.matches($0, rest) }
                answers.remove(at: try #require(index, "\(place): \(rest) is not among \(answers)"))
            case "N:":
                try await exchange()
                let found = answers.filter { Self.matches($0, rest) }
                try #require(found.isEmpty, "\(place): \(found)")
            default:
                if !outgoing.isEmpty { try await exchange() }
                let words = line.split(separator: " ").map(String.init)
                switch words[0] {
                case "clear", "login": break
                case "as": current = words[1]
                case "TLS":
                    try await connection().startTLS()
                    answers = []
                case "END": try #require(try await connection().isClosed, "\(place): not closed")
                default: Issue.record("\(place): unknown line \(line)")
                }
            }
        }
        if !outgoing.isEmpty { try await exchange() }
    }

    /// `…` in the pattern stands for any characters.
    static func matches(_ line: String, _ pattern: String) -> Bool {
        let pieces = pattern.split(separator: "…", omittingEmptySubsequences: false)
        guard pieces.count > 1 else { return line == pattern }
        guard line.hasPrefix(pieces[0]), line.count >= pieces[0].count else { return false }
        var rest = line.dropFirst(pieces[0].count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.range(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(pieces[pieces.count - 1])
    }
}
