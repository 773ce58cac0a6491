// SPDX-License-Identifier: Apache-2.0

import SMTPGrammar

/// Joins framing, machine and backend: octets in, octets and a wish out. No socket, so that tests, fuzzers and
/// benchmarks hold whole conversations in-process; `ConnectionLoop` carries the octets.
package struct Conversation: Sendable {
    package enum Next: Equatable, Sendable {
        case read
        /// Write the output, shake hands, then call `tlsStarted`. All input so far is forgotten.
        case startTLS
        case close
    }

    package struct Step: Sendable {
        package var output: [UInt8] = []
        package var next = Next.read
    }

    package private(set) var session: Session
    private var framing = SMTPFraming()
    private let backend: any SessionBackend

    package init(session: Session, backend: any SessionBackend) {
        self.session = session
        self.backend = backend
    }

    /// The greeting.
    package mutating func begin() async -> Step { await run(.connected) }

    package mutating func receive(_ bytes: some Collection<UInt8>) async -> Step {
        framing.append(bytes)
        return await run(nil)
    }

    package mutating func tlsStarted() async -> Step { await run(.tlsStarted) }
    package mutating func timedOut() async -> Step { await run(.timedOut) }
    package mutating func draining() async -> Step { await run(.draining) }
    package mutating func stopping() async -> Step { await run(.stopping) }

    /// Handles `first` and then all whole frames that are there.
    private mutating func run(_ first: Session.Input?) async -> Step {
        var step = Step()
        var input = first ?? framing.next().map { .frame($0) }
        while let current = input {
            input = nil
            for action in session.handle(current) {
                switch action {
                case .send(let reply): step.output += reply.encoded()
                case .expectData(let limit): framing.expectData(limit: limit)
                case .expectChunk(let size): framing.expectChunk(size: size)
                case .startTLS:
                    framing.discard()
                    step.next = .startTLS
                    return step
                case .close:
                    step.next = .close
                    return step
                case .checkLogin(let credentials): input = .loginChecked(await backend.check(credentials))
                case .checkSender(let sender, let login): input = .senderChecked(await backend.owns(sender, login))
                case .resolve(let path):
                    let size = session.transaction?.parameters.size
                    input = .resolved(await backend.resolve(path, mayRelay: session.login != nil, size: size))
                case .accept(let message): input = .accepted(await backend.accept(message))
                }
            }
            if input == nil { input = framing.next().map { .frame($0) } }
        }
        return step
    }
}
