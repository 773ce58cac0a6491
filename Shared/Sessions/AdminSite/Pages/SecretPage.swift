// SPDX-License-Identifier: Apache-2.0

/// Something that was made here and is shown this once. Not after a redirect: it is nowhere else.
struct SecretPage {
    struct Fact {
        let what: String
        let value: String
        var isSecret = false
    }

    let text: String
    let facts: [Fact]
    /// Where it goes on when it is noted.
    let next: String
}
