// SPDX-License-Identifier: Apache-2.0

import Foundation
import SMTPServer
import ServiceKit
import TestSupport
import Testing

/// Runs one `.talk` file; its language is described in Tests/Conversations/smtp/README.md.
struct Talk {
    private let script: TalkScript
    private var conversation: Conversation
    private let backend = TableBackend()
    private var received: [UInt8] = []
    private var next = Conversation.Next.read
    private var outgoing: [UInt8] = []

    init(name: String) throws {
        script = try TalkScript(name: name, in: "smtp")
        var role = SessionRole.exchange
        var limits = SessionLimits()
        for line in script.lines {
            let words = line.split(separator: " ").map(String.init)
            if words.first == "role", let value = SessionRole(rawValue: words[1]) { role = value }
            if words.first == "limit", let value = Int(words[2]) {
                switch words[1] {
                case "messageSize": limits.messageSize = value
                case "messageMemory": limits.messageMemory = value
                case "recipients": limits.recipients = value
                case "errors": limits.errors = value
                case "messages": limits.messages = value
                default: Issue.record("\(name): unknown limit \(words[1])")
                }
            }
        }
        let session = Session(
            hostname: "mx.example.org", role: role, isTLS: role == .submissions, limits: limits,
            memory: MessageMemory(limit: limits.messageMemory))
        conversation = Conversation(session: session, backend: backend)
    }

    /// `piece`: how many octets reach the server at once; nil: all that are there.
    mutating func run(piece: Int?) async throws {
        take(await conversation.begin())
        for step in script.steps {
            if let octets = step.octets {
                outgoing += octets
                continue
            }
            let (place, line, rest) = (step.place, step.line, step.rest)
            switch step.kind {
            case "S:":
                await send(piece: piece)
                let found = try #require(reply(), "\(place): no reply, expected \(rest)")
                let matches = rest.hasSuffix("*") ? found.hasPrefix(rest.dropLast()) : found == rest
                try #require(matches, "\(place): \(found), expected \(rest)")
            default:
                await send(piece: piece)
                try await directive(line, place)
            }
        }
        await send(piece: piece)
        #expect(received.isEmpty, "\(script.name): unexpected \(String(decoding: received, as: UTF8.self))")
    }

    private mutating func directive(_ line: String, _ place: String) async throws {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        switch words[0] {
        case "role", "limit": break
        case "TLS":
            try #require(next == .startTLS, "\(place): no handshake wanted")
            take(await conversation.tlsStarted())
        case "DRAIN": take(await conversation.draining())
        case "IDLE": take(await conversation.timedOut())
        case "STORED": try #require(backend.messages.count == Int(words[1]), "\(place): \(backend.messages.count)")
        case "HAS":
            let last = try #require(backend.messages.last, "\(place): no message")
            let wanted = TalkScript.unescaped(words[1])
            try #require(Data(last).range(of: Data(wanted)) != nil, "\(place): not in the message")
        case "END": try #require(next == .close, "\(place): not closed")
        default: Issue.record("\(place): unknown line \(line)")
        }
    }

    private mutating func send(piece: Int?) async {
        while !outgoing.isEmpty, next == .read {
            let count = min(piece ?? outgoing.count, outgoing.count)
            let step = await conversation.receive(outgoing.prefix(count))
            outgoing.removeFirst(count)
            take(step)
        }
        // What is sent behind a STARTTLS or a goodbye is lost, as on a socket.
        outgoing = []
    }

    private mutating func take(_ step: Conversation.Step) {
        received += step.output
        next = step.next
    }

    private mutating func reply() -> String? {
        guard let end = received.firstIndex(of: 0x0A) else { return nil }
        let line = String(decoding: received[..<end].dropLast(), as: UTF8.self)
        received.removeSubrange(...end)
        return line
    }
}
