"""The program that runs on an embedded instance: it joins Jenkins and runs builds.

An instance of the embedded AWS starts it as its body (`python -S -m workhorse.local.agent`).
Sixty of them share two cores, so it imports the standard library only and little of that.

To make an image bad, tag its AMI before the launch (`image.py` says what each does):

    aws ec2 create-tags --resources AMI --tags Key=workhorse:test,Value=never-registers
    ... Value=fails-smoke | slow | slow=SECONDS

Builds find the programs of `programs.py` first on their PATH, `workhorse-leave` among them.
"""
