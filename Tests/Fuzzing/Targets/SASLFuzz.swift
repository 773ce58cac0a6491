// SPDX-License-Identifier: Apache-2.0
import SASLMechanisms

enum SASLFuzz {
    /// Base64 has one writing; an exchange ends after the lines that its mechanism has.
    static func run(_ input: [UInt8]) {
        if let bytes = Base64.decode(input) {
            promise(Base64.encode(bytes) == input, "two writings of the same base64")
        }
        promise(Base64.decode(Base64.encode(input)) == input, "base64 does not come back")
        for mechanism in SASLMechanism.allCases {
            for initial in [input[...], nil] {
                var exchange = SASLExchange(mechanism)
                var step = exchange.start(initialResponse: initial)
                var lines = 0
                while case .challenge = step {
                    lines += 1
                    promise(lines < 4, "an exchange without end")
                    step = exchange.receive(input[...])
                }
            }
        }
    }
}
