"""Whole annotation files, one of each format, which the fuzz damages."""

import json

CSV = b"image,label,x0,y0,x1,y1,site\na.png,dog,1,2,5,6,north\nb.png,cat,0,0,8,8,south\n"
LARD = (
    b"image;height;width;watermark_height;x_A;y_A;x_B;y_B;x_C;y_C;x_D;y_D;slant_distance;night\n"
    b"a.png;8;8;1;1;2;5;2;1;6;5;6;1.4;False\n"
)
COCO = json.dumps(
    {
        "images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 8, "site": "north"}],
        "categories": [{"id": i, "name": name} for i, name in enumerate(("dog", "cat", "cow", "pig"), 1)],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 4, 4], "iscrowd": 0},
            {"id": 2, "image_id": 1, "category_id": 2, "segmentation": [[1, 2, 5, 2, 5, 7], [3, 3, 6, 3, 6, 6]]},
            {"id": 3, "image_id": 1, "category_id": 3, "segmentation": {"size": [8, 8], "counts": [9, 3, 5, 3, 44]}},
            {"id": 4, "image_id": 1, "category_id": 4, "segmentation": {"size": [8, 8], "counts": "9350W1"}},
        ],
    }
).encode()
VOC = (
    b"<annotation><filename>a.png</filename><size><width>8</width><height>8</height></size><object><name>dog</name>"
    b"<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object></annotation>"
)
CVAT = (
    b'<annotations><version>1.1</version><image id="0" name="a.png" width="8" height="8"><box label="dog" occluded="0" '
    b'xtl="1.00" ytl="2.00" xbr="5.00" ybr="6.00" rotation="30.00"><attribute name="view">front</attribute></box>'
    b'<polygon label="cat" points="1.00,1.00;4.00,1.00;4.00,5.00"/><ellipse label="cat" cx="4" cy="4" rx="2" ry="1"/>'
    b'<mask label="cat" left="1" top="1" width="3" height="2" rle="0, 6"/></image></annotations>'
)
MASK = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACAQAAAABazTCJAAAADElEQVR4nGM4wMQAAAJIAMOA19R5AAAAAElFTkSuQmCC"
"""Two by two pixels."""
DOTA = b"imagesource:GoogleEarth\ngsd:0.1\n1 1 5 2 4 6 0 5 ship 1\n0 0 3.5 0 3.5 3 0 3 plane\n"
PETS = b"#Image CLASS-ID SPECIES BREED-ID\na_1 1 1 1\nb_2 2 2 1\n"
HUGGING_FACE = b"".join(
    json.dumps(entry).encode() + b"\n"
    for entry in (
        {"file_name": "a.png", "objects": {"bbox": [[1, 2, 4, 4], [0, 0, 1, 1]], "categories": ["dog", "cat"]}},
        {"file_name": "b.png", "width": 8, "height": 8, "objects": [{"bbox": [1, 2, 4, 4], "category": 0}]},
    )
)
LABELME = json.dumps(
    {
        "shapes": [
            {"label": "dog", "points": [[1, 2], [5, 6]], "shape_type": "rectangle", "flags": {"night": True}},
            {"label": "cat", "points": [[1, 2], [5, 6], [2, 7]], "shape_type": "polygon"},
            {"label": "cat", "points": [[4, 4], [5, 6]], "shape_type": "circle"},
            {"label": "cow", "points": [[1, 1], [2, 2]], "shape_type": "mask", "mask": MASK},
        ],
        "imagePath": "a.png",
        "imageWidth": 8,
        "imageHeight": 8,
    }
).encode()
PLACE = {"x": 10, "y": 20, "width": 50, "height": 5}
LABEL_STUDIO = json.dumps(
    [
        {
            "data": {"image": "/data/local-files/?d=set/a.png"},
            "annotations": [
                {
                    "created_at": "2026-01-01",
                    "result": [
                        {
                            "type": "rectanglelabels",
                            "original_width": 8,
                            "original_height": 8,
                            "value": {
                                "x": 10,
                                "y": 20,
                                "width": 50,
                                "height": 5,
                                "rotation": 9,
                                "rectanglelabels": ["a"],
                            },
                        },
                        {
                            "type": "polygonlabels",
                            "original_width": 8,
                            "original_height": 8,
                            "value": {"points": [[1, 2], [50, 60], [2, 70]], "polygonlabels": ["b"]},
                        },
                        {"type": "choices", "from_name": "view", "value": {"choices": ["front"]}},
                    ],
                }
            ],
        }
    ]
).encode()
FIFTYONE = json.dumps(
    {
        "samples": [
            {
                "filepath": "a.png",
                "tags": ["x"],
                "weather": {"_cls": "Classification", "label": "rain"},
                "ground_truth": {"detections": [{"label": "dog", "bounding_box": [0.1, 0.2, 0.3, 0.4]}]},
            },
            {
                "filepath": "a.png",
                "ground_truth": {
                    "polylines": [{"label": "cat", "points": [[[0.1, 0.2], [0.9, 0.2], [0.5, 0.7]]], "closed": True}]
                },
            },
        ]
    }
).encode()
OPEN_IMAGES = (
    b"ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsGroupOf\n"
    b"a,xclick,/m/0cmf2,1,0.1,0.5,0.2,0.75,0,0\na,xclick,/m/0cmf3,1,0,1,0,1,0,1\n"
)
IMAGENET = b"ImageId,PredictionString\na,n02017213 1 2 5 6 n02017213 0 0 3 3 \n"
GTSRB = b"Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\na.png;8;8;1;2;5;6;14\n"
YAML = b"path: data\ntrain: images\nnames:\n  0: dog\n  1: 'cat'\nnc: 2\n"
