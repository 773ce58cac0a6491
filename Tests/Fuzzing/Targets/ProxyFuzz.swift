// SPDX-License-Identifier: Apache-2.0
import ServiceKit

enum ProxyFuzz {
    /// What is decided stays decided when more comes.
    static func run(_ input: [UInt8]) {
        var decided: ProxyProtocol.Parsed?
        for count in 0...min(input.count, 1_100) {
            let parsed = ProxyProtocol.parse(input.prefix(count))
            if let decided {
                promise(parsed == decided, "a header changes")
            } else if parsed != .needMore {
                decided = parsed
                if case .header(_, _, let length) = parsed {
                    promise(length == count, "a header longer than what came")
                }
            }
        }
    }
}
