// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct TalkTests {
    @Test(arguments: try Talk.names())
    func conversation(name: String) async throws {
        var talk = try Talk(name: name)
        try await talk.run(piece: nil)
    }

    @Test(arguments: try Talk.names())
    func octetByOctet(name: String) async throws {
        var talk = try Talk(name: name)
        try await talk.run(piece: 1)
    }

    @Test(arguments: try Talk.names())
    func inPiecesOfSeven(name: String) async throws {
        var talk = try Talk(name: name)
        try await talk.run(piece: 7)
    }
}
