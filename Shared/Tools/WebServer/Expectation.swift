// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import Synchronization

/// A client that sends its body only when it is told to go on (RFC 9110 section 10.1.1).
///
/// It is told when the responder begins to read: what is refused before costs nobody a body.
final class Expectation: Sendable {
    /// The answer was given without the body; the connection ends.
    struct Unmet: Error {}

    private let body: RequestBody
    private let original: Request
    private let channel: any Channel
    private let isMet = Mutex(false)

    /// `nil`: the client expects nothing.
    init?(_ request: Request, channel: any Channel) {
        guard let expected = HTTPField.Name("Expect").flatMap({ request.headers[$0] }),
            expected.lowercased() == "100-continue"
        else { return nil }
        (original, body) = (request, request.body)
        self.channel = channel
    }

    /// Nothing was read.
    var isOpen: Bool { !isMet.withLock { $0 } }

    /// The request for the responder.
    var request: Request {
        var request = original
        request.body = RequestBody(asyncSequence: Body(expectation: self))
        return request
    }

    private func meet() async throws {
        let isFirst = isMet.withLock { isMet in
            defer { isMet = true }
            return !isMet
        }
        guard isFirst else { return }
        try await channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
    }

    private struct Body: AsyncSequence, Sendable {
        let expectation: Expectation

        struct Iterator: AsyncIteratorProtocol {
            let expectation: Expectation
            var body: RequestBody.AsyncIterator

            mutating func next() async throws -> ByteBuffer? {
                try await expectation.meet()
                return try await body.next()
            }
        }

        func makeAsyncIterator() -> Iterator {
            Iterator(expectation: expectation, body: expectation.body.makeAsyncIterator())
        }
    }
}
