extension HelpTopic {
    static let mappingText = """
        Mapping files

          parley import set.json --map forecastbench.yaml

        A mapping is YAML. It says how each element of a JSON document, line of JSON or row of CSV becomes
        records:

          format: json                 # json, jsonl or csv
          elements: data.questions     # where the array stands; without it the document is the array
          source: feed                 # what --source says otherwise
          absent: [N/A, "-"]           # texts that say that there is nothing
          records:
            - kind: judgment
              key: "feed:{id}"         # {path} is filled by each element, {path|date} converted
              when: {state: [open, held], score: {between: [0, 1]}}
              fields:
                title: question        # a path: a.b, list.0, list.*.name; in CSV a column's name
                due: {from: closes, as: date}
                confidence: {from: sure, values: {1: low, 2: high}, else: }
                outcome: {tuple: {result: {from: answer, values: {0: no, 1: yes}}, date: {from: closes, as: date}}}
                tags: {from: labels, split: ";"}
              links:
                - {rel: depends_on, to: "feed-driver:{driver}"}
              rest: x                  # what is not mapped goes to x.NAME

          a record   kind key label when each collect create version fields links rest except
          version    the path of the time when the source last changed it: no stepping back behind it
          when       PATH: value or list; {not: ..}, {present: true}, {between: [0, 1]}
          a field    from, text, value or tuple; as values else absent default split join misfit
          as         date (of a timestamp), probability (0 to 1), percent (0 to 100), lower
          each       columns ($name, $value) or the path of a list ($item, $number): a record for each
          paths      $row, $document.NAME too

        Texts are made fit: what a line or a text cannot hold is carried whole in x.PATH. Whatever is absent
        writes nothing. Examples/ has three mappings, Documentation/Formats.md every name.
        """
}
