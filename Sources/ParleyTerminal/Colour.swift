/// What a piece of text means; how that looks is decided here alone. Whatever has a style is also told by a
/// character or a word.
package enum Style: Sendable, CaseIterable {
    case plain, strong, faint, attention, failure, good, heading

    fileprivate var codes: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .faint: "2"
        case .attention: "33"
        case .failure: "31"
        case .good: "32"
        case .heading: "1;4"
        }
    }
}

/// Whether one stream is coloured.
package struct Colour: Equatable, Sendable {
    /// What `--color` may say.
    package enum Choice: String, Sendable, CaseIterable {
        case auto, always, never
    }

    package var isOn: Bool

    package init(isOn: Bool) { self.isOn = isOn }

    /// `--color`, then NO_COLOR (set and not empty), then CLICOLOR_FORCE (not empty, not 0), then the terminal.
    package init(choice: Choice?, environment: [String: String], isTerminal: Bool) {
        switch choice {
        case .always: isOn = true
        case .never: isOn = false
        case .auto, nil:
            if environment["NO_COLOR"]?.isEmpty == false {
                isOn = false
            } else if let force = environment["CLICOLOR_FORCE"], !force.isEmpty, force != "0" {
                isOn = true
            } else {
                isOn = isTerminal && environment["TERM"] != "dumb"
            }
        }
    }

    package func paint(_ text: String, _ style: Style) -> String {
        guard isOn, !text.isEmpty, let codes = style.codes else { return text }
        return "\u{1B}[\(codes)m\(text)\u{1B}[0m"
    }
}
