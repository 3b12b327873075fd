import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Scripts of the kinds that labs wrote for BaseMount, which know nothing of this program.
    @Suite("Scripts that were written for BaseMount")
    struct LabScriptTests {
        @Test("A shell collects the FASTQ files of a run's samples, and jq finds runs and samples")
        func shell() async throws {
            try await WholeAccount.using { whole in
                let shown = try await whole.mount.output(
                    #"""
                    set -eu
                    out=$WORK/reads; mkdir -p "$out"
                    for run in Runs/*/; do
                        name=$(basename "$run")
                        for sample in "$run"Properties/Output.Samples/*; do
                            [ -d "$sample/Files" ] || continue
                            id=$(grep ^SampleId: "$sample/SampleProperties" | cut -d ' ' -f 2)
                            for read in 1 2; do
                                cp "$sample"/Files/*_R"$read"*.fastq.gz "$out/$id.R$read.fastq.gz"
                            done
                        done
                        jq -r '.Response | [.ExperimentName, .Name, .Status] | @tsv' "$run.json"
                    done
                    jq -r '.Response.Items[] | select(.Name == "Trio") | .Id' Projects/.json | cmp - Projects/Trio/.id
                    find Projects/ -maxdepth 4 -type d -name 'S1' | sort
                    (cd "$out" && ls)
                    rsync -an --out-format=%n Projects/Trio/Samples/ "$WORK/none" | grep -v /$
                    """#
                )
                #expect(
                    shown == """
                        Exp 1\t240101_M1_0001_A\tComplete
                        Projects/Trio/Datasets/S1
                        Projects/Trio/Samples/S1
                        S1.R1.fastq.gz
                        S1.R2.fastq.gz
                        S1/ParentAppSession
                        S1/SampleProperties
                        S1/Files/S1_R1.fastq.gz
                        S1/Files/S1_R2.fastq.gz
                        S1/Files/d/stats.txt

                        """
                )
            }
        }

        @Test("A Python class reads .id, .type and .json, and maps Files to Files.metadata")
        func python() async throws {
            try await WholeAccount.using { whole in
                let script = #"""
                    import glob, json, os, sys

                    class MountedEntity:
                        """What the mount knows of a path: an entity's directory, or a file below its Files."""

                        def __init__(self, path):
                            if not os.path.exists(path):
                                raise ValueError("no such path: " + path)
                            self.path = os.path.abspath(path)
                            self.place = self.path
                            if os.path.isfile(path):
                                self.place = self.path.replace("/Files/", "/Files.metadata/")
                            self.id = self.read(".id")
                            self.type = self.read(".type")
                            if self.type[-1] == "s":
                                self.type = self.type[:-1]
                            self.json = json.loads(self.read(".json"))["Response"]

                        def read(self, name):
                            path = os.path.join(self.place, name)
                            size = os.stat(path).st_size
                            with open(path) as file:
                                text = file.read(size)
                                assert file.read() == "", path + " is longer than stat said"
                            return text.rstrip("\n")

                    for pattern in sys.argv[1:]:
                        for path in sorted(glob.glob(pattern)):
                            entity = MountedEntity(path)
                            assert entity.id == entity.json["Id"], path
                            print(entity.type, entity.json["Name"], entity.json.get("Size", ""))
                    """#
                let shown = try await whole.mount.output(
                    #"python3 -c "$1" 'Projects/*' 'Projects/*/Samples/*' 'Runs/*' 'AppSessions/A*' "$2/Files/*.gz" "$2/ParentAppSession""#,
                    script,
                    WholeAccount.sample
                )
                #expect(
                    shown == """
                        project Trio \n\
                        sample S1 \n\
                        run 240101_M1_0001_A \n\
                        appsession Analysis \n\
                        file S1_R1.fastq.gz 7
                        file S1_R2.fastq.gz 8
                        appsession Sequencing \n\

                        """
                )
            }
        }

        @Test("A loop as cron runs it refreshes, looks for errors, and processes each new run once")
        func refreshLoop() async throws {
            try await WholeAccount.using { whole in
                let script = #"""
                    set -eu
                    done=$WORK/done; touch "$done"
                    echo refresh > .commands
                    if grep -qi error Runs/.error .error; then echo 'remount'; exit 1; fi
                    for run in Runs/*; do
                        id=$(cat "$run/.id")
                        grep -qx "$id" "$done" && continue
                        [ "$(jq -r .Response.Status "$run/.json")" = Complete ] || continue
                        [ -e "$run/Files/RunInfo.xml" ] || continue
                        timeout -k 5 20 find "$run/Files" -type f | wc -l
                        echo "$id" >> "$done"
                    done
                    """#
                #expect(try await whole.mount.output(script) == "3\n")
                #expect(try await whole.mount.output(script) == "")
                let next = try whole.simulator.addRun("240102_M1_0002_A", experiment: "Exp 2", status: "Running")
                #expect(try await whole.mount.output(script) == "")
                try next.addFile("RunInfo.xml", .zeros(10))
                try next.setStatus("Complete")
                #expect(try await whole.mount.output(script) == "1\n")
                #expect(try await whole.mount.output(script) == "")
            }
        }
    }
}
